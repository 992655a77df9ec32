"""`sweeper show`."""

from __future__ import annotations

from typing import Annotated

import typer

from sweeper.cli._arguments import AsJson, Name, Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["show"]


def show(
    name: Name,
    trial: Annotated[
        int | None, typer.Argument(min=0, help="Its number.", show_default="the best")
    ] = None,
    sweeps: Sweeps = DEFAULT_ROOT,
    as_json: AsJson = False,
) -> None:
    """Show one trial from near: parameters, curves, files, log."""
    import json

    from sweeper.ledger.paths import SweepPaths
    from sweeper.sweep import show as words
    from sweeper.sweep.look import look
    from sweeper.terminal import terminal

    found = look(SweepPaths.existing(name, sweeps))
    record = words.find_trial(found, trial)
    if as_json:
        print(json.dumps(words.to_json(found, record), indent=2))
    else:
        terminal().print(words.show(found, record), crop=False)
