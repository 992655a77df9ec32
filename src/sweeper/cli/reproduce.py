"""`sweeper reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sweeper.cli._arguments import Name, Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["reproduce"]


def reproduce(
    name: Name,
    trial: Annotated[int, typer.Argument(min=0, help="Its number.", show_default=False)],
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="Only so many epochs.", show_default="all"),
    ] = None,
    apply_diff: Annotated[
        bool,
        typer.Option(
            "--apply-diff",
            help="Train with the commit of then and what was not committed, in a scratch work "
            "tree of git.",
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Keep the new checkpoints and artifacts there.", show_default=False),
    ] = None,
    code: Annotated[Path | None, typer.Option(hidden=True)] = None,
    sweeps: Sweeps = DEFAULT_ROOT,
) -> None:
    """Train one trial again, outside of its sweep, and say whether the numbers are the same."""
    from sweeper.sweep import reproduce as story
    from sweeper.terminal import terminal

    wanted = story.Wanted(name, trial, sweeps.absolute(), epochs, out, code)
    run = story.reproduce_with_code_of_then if apply_diff else story.reproduce
    if not run(wanted, terminal(soft_wrap=True)):
        raise typer.Exit(1)
