"""`sweeper watch`."""

from __future__ import annotations

from sweeper.cli._arguments import MaybeName, Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["watch"]


def watch(name: MaybeName = None, sweeps: Sweeps = DEFAULT_ROOT) -> None:
    """Follow a running sweep until its end; Ctrl-C leaves it alone."""
    from sweeper.ledger.paths import SweepPaths
    from sweeper.sweep.follow import follow
    from sweeper.terminal import terminal

    follow(SweepPaths.one(name, sweeps), terminal())
