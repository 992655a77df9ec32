"""`sweeper export`."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from sweeper.cli._arguments import Name, Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["export"]


class Format(enum.StrEnum):
    """What the tables are written as."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def export(
    name: Name,
    suffix: Annotated[Format, typer.Option("--format", help="Of the files.")] = Format.CSV,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the files.", show_default="NAME-export"),
    ] = None,
    sweeps: Sweeps = DEFAULT_ROOT,
) -> None:
    """Write the trials and their learning curves as tables, also while the sweep runs."""
    from sweeper.ledger.paths import SweepPaths
    from sweeper.sweep.tables import export_tables

    paths = SweepPaths.existing(name, sweeps)
    for path, rows in export_tables(paths, suffix.value, out or Path(f"{name}-export")):
        typer.echo(f"{path}: {rows:,} rows")
