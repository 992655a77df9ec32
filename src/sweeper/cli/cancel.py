"""`sweeper cancel`."""

from __future__ import annotations

import typer

from sweeper.cli._arguments import Name, Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["cancel"]


def cancel(name: Name, sweeps: Sweeps = DEFAULT_ROOT) -> None:
    """End a sweep now; `sweeper resume` goes on with its running trials."""
    from sweeper.sweep import steer
    from sweeper.terminal import terminal

    if not steer.cancel(name, sweeps, terminal()):
        raise typer.Exit(1)
