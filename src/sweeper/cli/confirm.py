"""`sweeper confirm`."""

from __future__ import annotations

from typing import Annotated

import typer

from sweeper.cli._arguments import Name, Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["confirm"]


def confirm(
    name: Name,
    top: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="How many of the best; default 3.", show_default=False),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1, max=100, help="How many fresh seeds for each; default 3.", show_default=False
        ),
    ] = None,
    sweeps: Sweeps = DEFAULT_ROOT,
) -> None:
    """Train the best again with fresh seeds, and say whether the winner was luck."""
    from sweeper.sweep.session import confirm_sweep
    from sweeper.terminal import terminal

    console = terminal()
    raise typer.Exit(confirm_sweep(name, sweeps, console, top, seeds).exit_code)
