"""`sweeper compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sweeper.cli._arguments import Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["compare"]


def compare(
    names: Annotated[list[str], typer.Argument(help="The sweeps.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the figure and tables.", show_default="A-vs-B"),
    ] = None,
    mlflow: Annotated[
        bool, typer.Option("--mlflow/--no-mlflow", help="Keep it as a run in MLflow.")
    ] = True,
    sweeps: Sweeps = DEFAULT_ROOT,
) -> None:
    """Compare sweeps at equal budget: what each can be expected to find, not its luckiest trial."""
    from sweeper.sweep.compare import compare_sweeps
    from sweeper.terminal import terminal

    folder = out or Path("-vs-".join(names))
    compare_sweeps(names, sweeps, folder, terminal(), in_mlflow=mlflow)
