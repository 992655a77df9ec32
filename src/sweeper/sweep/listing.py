"""The sweeps of a folder, side by side."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from sweeper.board import BoardState
from sweeper.errors import LedgerError
from sweeper.ledger.paths import SweepPaths, find_sweeps
from sweeper.sweep.look import Look, Standing, ago, look
from sweeper.sweep.status import LOOKS, to_json
from sweeper.words import measured, unit

__all__ = ["Damaged", "look_at_all", "rows_json", "table"]


@dataclass(frozen=True, slots=True)
class Damaged:
    """A sweep that cannot be read, and why."""

    paths: SweepPaths
    why: str

    @property
    def name(self) -> str:
        return self.paths.root.name


def look_at_all(sweeps: Path) -> list[Look | Damaged]:
    """Every sweep below ``sweeps`` by name; a damaged one does not hide the others."""
    return [_look(paths) for paths in find_sweeps(sweeps)]


def _look(paths: SweepPaths) -> Look | Damaged:
    try:
        return look(paths)
    except LedgerError as error:
        return Damaged(paths, str(error))


def table(found: Sequence[Look | Damaged], *, numbered: bool = False) -> Table:
    """One line a sweep, with a number in front where one is to be chosen."""
    drawn = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    if numbered:
        drawn.add_column("", no_wrap=True)
    # where a terminal is too narrow, lines are broken: a name that is cut cannot be typed
    for name in ("sweep", "state", "trials", "best", "last event", "experiment"):
        drawn.add_column(name, min_width=max(map(len, name.split())), overflow="fold")
    for index, one in enumerate(found, start=1):
        cells = _damaged(one) if isinstance(one, Damaged) else _cells(one)
        drawn.add_row(*([str(index)] if numbered else []), *cells)
    return drawn


def rows_json(found: Sequence[Look | Damaged]) -> list[dict[str, Any]]:
    """The same for programs; a damaged sweep has its ``name``, ``state`` and ``why`` only."""
    return [
        {"name": one.name, "state": "damaged", "why": one.why, "folder": str(one.paths.root)}
        if isinstance(one, Damaged)
        else to_json(one)
        for one in found
    ]


def _cells(one: Look) -> list[Text]:
    board, standing = one.board, one.standing
    state = Text(str(standing), style=LOOKS.get(standing, ""))
    if one.holder:
        state.append(f" by {one.holder.address}", style="dim")
    elif standing is Standing.LOST and one.lost:
        state.append(f" ({one.lost.address})", style="dim")
    best = measured(board.metric, board.best.value if board.best else None)
    if board.best and not unit(board.metric):
        best = f"{board.metric} {best}"
    return [
        Text(one.name, style="bold"),
        state,
        Text(f"{board.counts.ended}/{board.total}{_confirm(board)}"),
        Text(best),
        Text(ago(time.time() - one.last_active)),
        Text(one.config.experiment, style="dim"),
    ]


def _confirm(board: BoardState) -> str:
    """The trials that train the best again, apart from the budget: `` + 3/9``."""
    return f" + {board.confirm.done}/{board.confirm.total}" if board.confirm.total else ""


def _damaged(one: Damaged) -> list[Text]:
    dash = Text("-")
    return [Text(one.name, style="bold"), Text("damaged", style="bold red"), dash, dash, dash, dash]
