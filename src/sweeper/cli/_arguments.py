"""Arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AsJson", "MaybeName", "Name", "Settings", "Space", "Sweeps", "Wait"]

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
    typer.Argument(help="The sweep; may be left out where there is only one.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Wait = Annotated[bool, typer.Option("--wait", help="Return only when it has come about.")]
