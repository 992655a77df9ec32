"""The search space that follows on a sweep, as its summary has written it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile, takewhile
from pathlib import Path

from sweeper.config import SweepConfig, load
from sweeper.errors import SweepNotFound
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.summary.files import NEXT
from sweeper.sweep.place import enter

__all__ = ["next_config", "proposed_space"]


def next_config(name: str, sweeps: Path, settings: Sequence[str]) -> tuple[SweepConfig, str]:
    """The next sweep's configuration and its source, after a change to where the old one began.

    Args:
        sweeps: the folder of all sweeps, absolute.
        settings: values of ``--set``.

    Raises:
        SweepNotFound: no such sweep, or it has no summary yet.
        ConfigError: the file was changed and is wrong now.
    """
    paths = SweepPaths.existing(name, sweeps)
    path = paths.summary / NEXT
    if not path.exists():
        rule = f"`sweeper resume {name}` goes on with it, and its summary has one"
        raise SweepNotFound(f"sweep {name!r} has no {NEXT} yet: {rule}")
    enter(Manifest.read(paths).folder)
    return load(path, settings), str(path)


def proposed_space(source: str) -> str:
    """The search space as the file has it: each bound with its reason."""
    lines = Path(source).read_text(encoding="utf-8").splitlines()
    rest = dropwhile(lambda line: not line.startswith("search_space:"), lines)
    return "\n".join([next(rest, ""), *takewhile(lambda line: line.startswith(" "), rest)])
