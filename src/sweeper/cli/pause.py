"""`sweeper pause`."""

from __future__ import annotations

import typer

from sweeper.cli._arguments import Name, Sweeps, Wait
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["pause"]


def pause(name: Name, wait: Wait = False, sweeps: Sweeps = DEFAULT_ROOT) -> None:
    """Free the workers and GPUs of a running sweep until `sweeper resume`."""
    from sweeper.sweep import steer
    from sweeper.terminal import terminal

    if not steer.pause(name, sweeps, terminal(), wait=wait):
        raise typer.Exit(1)
