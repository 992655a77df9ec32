"""`sweeper schema`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

__all__ = ["schema"]


class Of(StrEnum):
    """What has a schema."""

    SPACE = "space"
    SUMMARY = "summary"


def schema(
    of: Annotated[Of, typer.Argument(help="A search space, or a sweep's summary.json.")] = Of.SPACE,
) -> None:
    """Print the JSON Schema of search spaces, for editors, or of summary.json, for programs."""
    if of is Of.SUMMARY:
        from sweeper.summary.schema import schema_text
    else:
        from sweeper.config import schema_text

    typer.echo(schema_text(), nl=False)
