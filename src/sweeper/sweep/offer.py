"""Which sweep to go on with, where a person has not said so."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.prompt import IntPrompt

from sweeper.sweep.listing import Damaged, look_at_all, table
from sweeper.sweep.look import Look, Standing

__all__ = ["choose"]


def choose(sweeps: Path, console: Console) -> str | None:
    """Show the sweeps that can go on, and ask on a terminal which; None for none of them."""
    everything = look_at_all(sweeps)
    for damaged in everything:
        if isinstance(damaged, Damaged):
            console.print(f"{damaged.name} cannot be read: {damaged.why}", markup=False)
    found = [one for one in everything if isinstance(one, Look) and _can_go_on(one)]
    if not found:
        console.print(f"no unfinished sweep in {sweeps.absolute()}", markup=False)
        return None
    asks = console.is_terminal and sys.stdin.isatty()
    console.print(table(found, numbered=asks))
    if not asks:
        for one in found:
            console.print(f"sweeper resume {one.name}", markup=False)
        return None
    numbers = [str(n) for n in range(1, len(found) + 1)]
    number = IntPrompt.ask("go on with", console=console, choices=numbers, default=1)
    return found[number - 1].name


def _can_go_on(one: Look) -> bool:
    return one.unfinished and (one.holder is None or one.standing is Standing.PAUSED)
