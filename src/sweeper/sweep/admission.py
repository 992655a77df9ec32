"""Which sweep a configuration belongs to, and whether it may go on with it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sweeper.config import Change, SweepConfig, diff, is_inside, newly_searched
from sweeper.errors import ConfigError, Problem
from sweeper.ledger.history import read_history
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.ledger.warm_start import WarmStart
from sweeper.records import TrialState

__all__ = ["Admission", "admit"]


@dataclass(frozen=True, slots=True)
class Admission:
    """A sweep that may begin or go on.

    Attributes:
        changes: what the configuration has otherwise than the sweep had; none refused.
        is_new: there was no such sweep.
        warm: what a new sweep begins with.
        retried: how many trials that had failed are tried again; None where nobody asked for it.
    """

    manifest: Manifest
    changes: tuple[Change, ...]
    is_new: bool
    warm: WarmStart | None = None
    retried: int | None = None


def admit(
    config: SweepConfig, paths: SweepPaths, source: str, *, retry_failed: bool = False
) -> Admission:
    """Compare ``config`` with the sweep in ``paths``, if there is one. Writes nothing.

    Args:
        source: what was run, as the user named it.
        retry_failed: let its failed trials go on.

    Raises:
        ConfigError: it has changes that the sweep cannot go on with; names all of them.
        SweepNotFound: there is no sweep of a name in ``warm_start``.
    """
    if not paths.manifest.exists():
        warm = WarmStart.gather(config, paths.root.parent)
        return Admission(Manifest.new(config.to_json(), source), (), is_new=True, warm=warm)
    manifest = Manifest.read(paths)
    changes = diff(SweepConfig.from_json(manifest.config), config)
    refused = [Problem(source, str(c)) for c in changes if c.verdict == "refused"]
    if refused:
        raise ConfigError(refused)
    now = dataclasses.replace(manifest, config=config.to_json())
    failed = _failed(config, paths) if retry_failed else []
    if failed or any(c.verdict == "re-seeded" for c in changes):
        now = dataclasses.replace(
            now,
            generation=manifest.generation + 1,
            moved=newly_searched(SweepConfig.from_json(manifest.config), config),
            retried=failed,
        )
    return Admission(now, changes, is_new=False, retried=len(failed) if retry_failed else None)


def _failed(config: SweepConfig, paths: SweepPaths) -> list[int]:
    """The failed trials that are in the search space."""
    records = read_history(paths.history).records()
    failed = [r for r in records if r.state is TrialState.FAILED]
    return [r.number for r in failed if is_inside(config, r.params)]
