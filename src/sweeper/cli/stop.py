"""`sweeper stop`."""

from __future__ import annotations

import typer

from sweeper.cli._arguments import Name, Sweeps, Wait
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["stop"]


def stop(name: Name, wait: Wait = False, sweeps: Sweeps = DEFAULT_ROOT) -> None:
    """End a sweep after its running trials, as the first Ctrl-C does."""
    from sweeper.sweep import steer
    from sweeper.terminal import terminal

    if not steer.stop(name, sweeps, terminal(), wait=wait):
        raise typer.Exit(1)
