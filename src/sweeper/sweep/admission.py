"""Which sweep a configuration belongs to, and whether it may go on with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sweeper.config import Change, SweepConfig, diff, is_inside, newly_searched
from sweeper.errors import ConfigError, Problem
from sweeper.ledger.history import read_history
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.ledger.warm_start import WarmStart
from sweeper.records import TrialRecord, TrialState
from sweeper.sweep.origin_file import digest

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
    config: SweepConfig,
    paths: SweepPaths,
    source: str,
    *,
    file: Path | None = None,
    retry_failed: bool = False,
) -> Admission:
    """Compare ``config`` with the sweep in ``paths``, if there is one. Writes nothing.

    Args:
        source: what was run, as the user named it.
        file: what the configuration is from; None where it is the sweep's own.
        retry_failed: let its failed trials go on.

    Raises:
        ConfigError: it has changes that the sweep cannot go on with; names all of them.
        SweepNotFound: there is no sweep of a name in ``warm_start``.
    """
    if not paths.manifest.exists():
        warm = WarmStart.gather(config, paths.root.parent)
        begun = _from_file(Manifest.new(config.to_json(), source), file)
        return Admission(begun, (), is_new=True, warm=warm)
    manifest = Manifest.read(paths)
    changes = diff(SweepConfig.from_json(manifest.config), config)
    refused = [Problem(source, str(c)) for c in changes if c.verdict == "refused"]
    refused += _too_late(SweepConfig.from_json(manifest.config), config, paths, source)
    if refused:
        raise ConfigError(refused)
    now = _from_file(dataclasses.replace(manifest, config=config.to_json()), file)
    failed = _failed(config, paths) if retry_failed else []
    if failed or any(c.verdict == "re-seeded" for c in changes):
        now = dataclasses.replace(
            now,
            generation=manifest.generation + 1,
            moved=newly_searched(SweepConfig.from_json(manifest.config), config),
            retried=failed,
        )
    return Admission(now, changes, is_new=False, retried=len(failed) if retry_failed else None)


def _from_file(manifest: Manifest, file: Path | None) -> Manifest:
    if file is None:
        return manifest
    return dataclasses.replace(manifest, file=str(file.absolute()), file_digest=digest(file))


def _too_late(
    old: SweepConfig, config: SweepConfig, paths: SweepPaths, source: str
) -> list[Problem]:
    """A raise of the epochs after which no trial counts as finished, and none is to come."""
    if config.epochs <= old.epochs:
        return []
    history = read_history(paths.history)
    to_come = history.begun() or config.budget.trials > len(history) - history.confirming
    if to_come or not _finished(history.records()) or _finished(history.counted(config.epochs)):
        return []
    rule = "all trials have ended, and would count as stopped early; raise budget.trials with it"
    return [Problem(source, f"training.epochs: {old.epochs} -> {config.epochs}, refused: {rule}")]


def _finished(records: Iterable[TrialRecord]) -> bool:
    return any(r.state is TrialState.COMPLETE for r in records)


def _failed(config: SweepConfig, paths: SweepPaths) -> list[int]:
    """The failed trials that are in the search space."""
    records = read_history(paths.history).records()
    failed = [r for r in records if r.state is TrialState.FAILED]
    return [r.number for r in failed if is_inside(config, r.params)]
