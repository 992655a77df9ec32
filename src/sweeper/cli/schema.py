"""`sweeper schema`."""

from __future__ import annotations

import typer

__all__ = ["schema"]


def schema() -> None:
    """Print the JSON Schema of search spaces; editors complete and check with it."""
    from sweeper.config import schema_text

    typer.echo(schema_text(), nl=False)
