"""`sweeper check`."""

from __future__ import annotations

from sweeper.cli._arguments import Settings, Space, Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["check"]


def check(space: Space, settings: Settings = None, sweeps: Sweeps = DEFAULT_ROOT) -> None:
    """Check a search space and show what it would run; start nothing."""
    from sweeper.config import load
    from sweeper.sweep.preview import preview
    from sweeper.terminal import terminal

    preview(load(space, settings or []), str(space), sweeps, terminal())
