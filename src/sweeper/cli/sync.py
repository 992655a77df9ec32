"""`sweeper sync`."""

from __future__ import annotations

from typing import Annotated

import typer

from sweeper.cli._arguments import MaybeName, Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["sync"]


def sync(
    name: MaybeName = None,
    tracking_uri: Annotated[
        str | None,
        typer.Option(
            help="Where to; else MLFLOW_TRACKING_URI, or where the sweep went before.",
            show_default=False,
        ),
    ] = None,
    sweeps: Sweeps = DEFAULT_ROOT,
) -> None:
    """Bring MLflow up to date; the exit code is 0 when it has everything."""
    from sweeper.ledger.paths import SweepPaths
    from sweeper.sweep.tidy import sync
    from sweeper.terminal import terminal

    if not sync(SweepPaths.one(name, sweeps), terminal(), tracking_uri):
        raise typer.Exit(1)
