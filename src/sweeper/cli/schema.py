"""`sweeper schema`."""

from __future__ import annotations

import typer

__all__ = ["schema"]


def schema() -> None:
    """Print the JSON Schema of search spaces; editors complete and check with it."""
    import json

    from sweeper.config import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))
