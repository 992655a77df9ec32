"""The live board of a sweep that another process drives."""

from __future__ import annotations

import time

from rich.console import Console

from sweeper.board import Board
from sweeper.ledger.paths import SweepPaths
from sweeper.sweep.look import look
from sweeper.sweep.reader import HistoryReader
from sweeper.sweep.status import status

__all__ = ["follow"]

_SECONDS = 1.0


def follow(paths: SweepPaths, console: Console) -> None:
    """Show the board until the driver has left or Ctrl-C, which leaves the sweep alone.

    Raises:
        LedgerError: a part of the sweep is damaged.
    """
    try:
        _follow(paths, console)
    except KeyboardInterrupt:
        console.print("no longer watching; the sweep is left alone", style="dim")
        return
    console.print(status(look(paths)))


def _follow(paths: SweepPaths, console: Console) -> None:
    reader = HistoryReader(paths)
    found = look(paths, reader.read())
    if found.holder is None:
        return
    with Board(console) as board:
        while found.holder is not None:
            board.update(found.board)
            time.sleep(_SECONDS)
            found = look(paths, reader.read())
