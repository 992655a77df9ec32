"""`sweeper run`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from sweeper.cli._arguments import Address, Settings, Space, Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["run"]


def run(
    space: Space,
    settings: Settings = None,
    address: Address = None,
    sweeps: Sweeps = DEFAULT_ROOT,
    warm_start: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="SWEEP",
            help="Show the sampler the trials of that sweep; may be repeated.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would run, and start nothing.")
    ] = False,
) -> None:
    """Run a sweep to its verdict, or go on with an unfinished one."""
    from sweeper.config import load
    from sweeper.sweep.preview import preview
    from sweeper.sweep.session import run_sweep
    from sweeper.terminal import terminal

    own = [f"warm_start={json.dumps(warm_start)}"] if warm_start else []
    own += [f"resources.address={json.dumps(address)}"] if address else []
    config = load(space, [*(settings or []), *own])
    console = terminal()
    if dry_run:
        preview(config, str(space), sweeps, console)
        return
    raise typer.Exit(run_sweep(config, str(space), sweeps, console, file=space).exit_code)
