"""Arguments that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Address",
    "AsJson",
    "LedgerAddress",
    "MaybeName",
    "Name",
    "Settings",
    "Space",
    "Sweeps",
    "Wait",
]


def _check_address(address: str | None) -> str | None:
    from sweeper.config.model import ADDRESS

    if address is not None and not re.search(ADDRESS, address):
        raise typer.BadParameter(f"want host:port, auto or local, got {address!r}")
    return address


def _check_ledger(address: str | None) -> str | None:
    from sweeper.config.model import check_ledger

    try:
        return address if address in (None, "none") else str(check_ledger(address))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


Space = Annotated[
    Path, typer.Argument(metavar="SPACE.yaml", help="The search space.", show_default=False)
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a value of the file, as in --set budget.trials=100; may be repeated.",
        show_default=False,
    ),
]
Sweeps = Annotated[
    Path, typer.Option("--sweeps", help="Folder of all sweeps.", envvar="SWEEPER_SWEEPS")
]
Name = Annotated[str, typer.Argument(help="The sweep.", show_default=False)]
MaybeName = Annotated[
    str | None,
    typer.Argument(
        help="The sweep; by default the only one, or the only one that runs.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Address = Annotated[
    str | None,
    typer.Option(
        callback=_check_address,
        help="A Ray cluster to join: host:port, or auto for the one that this machine belongs to; "
        "local: this machine alone. Default: as the sweep's resources.address says.",
        show_default=False,
    ),
]
LedgerAddress = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        callback=_check_ledger,
        help="postgresql://user@host/database with the ledger's copy: a sweep that has no folder "
        "here goes on from there; none: go on without a copy. Default: as the sweep's "
        "resources.ledger says.",
        show_default=False,
    ),
]
Wait = Annotated[bool, typer.Option("--wait", help="Return only when it has come about.")]
