"""`sweeper resume`."""

from __future__ import annotations

from typing import Annotated

import typer

from sweeper.cli._arguments import Address, LedgerAddress, Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT, SweepPaths

__all__ = ["resume"]


def resume(
    name: Annotated[
        str | None,
        typer.Argument(help="The sweep; without it the unfinished ones are offered."),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="A new total of trials.", show_default=False)
    ] = None,
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed", help="Try the trials again that have failed."),
    ] = False,
    address: Address = None,
    ledger: LedgerAddress = None,
    sweeps: Sweeps = DEFAULT_ROOT,
) -> None:
    """Go on with a sweep where it stands, also after a pause."""
    from sweeper.sweep.offer import choose
    from sweeper.sweep.steer import wake
    from sweeper.terminal import terminal

    console = terminal()
    name = name or choose(sweeps, console)
    if name is None:
        return
    is_here = ledger is None or SweepPaths(sweeps / name).manifest.exists()
    new = [f"--trials {trials}"] * (trials is not None) + ["--retry-failed"] * retry_failed
    if is_here and wake(name, sweeps, console, " ".join(new)):
        return
    from sweeper.sweep.session import resume_sweep

    ending = resume_sweep(name, sweeps, console, trials, address, ledger, retry_failed=retry_failed)
    raise typer.Exit(ending.exit_code)
