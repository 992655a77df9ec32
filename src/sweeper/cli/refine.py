"""`sweeper refine`."""

from __future__ import annotations

from typing import Annotated

import typer

from sweeper.cli._arguments import Name, Settings, Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["refine"]


def refine(
    name: Name,
    settings: Settings = None,
    sweeps: Sweeps = DEFAULT_ROOT,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would run, and start nothing.")
    ] = False,
) -> None:
    """Run the next search space that a sweep has written, with its trials carried over."""
    from sweeper.sweep.preview import preview
    from sweeper.sweep.refine import next_config, proposed_space
    from sweeper.sweep.session import run_sweep
    from sweeper.terminal import terminal

    sweeps = sweeps.absolute()  # `next_config` enters the folder where the old sweep began
    config, source = next_config(name, sweeps, settings or [])
    console = terminal()
    if dry_run:
        console.print(proposed_space(source), markup=False, soft_wrap=True)
        preview(config, source, sweeps, console)
        return
    raise typer.Exit(run_sweep(config, source, sweeps, console).exit_code)
