"""Arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Settings", "Space", "Sweeps"]

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
