"""The live board of a sweep that another process drives."""

from __future__ import annotations

import time

from rich.console import Console

from sweeper.board import Board
from sweeper.ledger.history import History
from sweeper.ledger.paths import SweepPaths
from sweeper.sweep.look import look
from sweeper.sweep.status import status
from sweeper.tracker.tail import read_chunk

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
    reader = _Reader(paths)
    found = look(paths, reader.read())
    if found.holder is None:
        return
    with Board(console) as board:
        while found.holder is not None:
            board.update(found.board)
            time.sleep(_SECONDS)
            found = look(paths, reader.read())


class _Reader:
    """Reads only what is new of a history."""

    def __init__(self, paths: SweepPaths) -> None:
        self._path = paths.history
        self._history = History()
        self._end = 0

    def read(self) -> History:
        while (chunk := read_chunk(self._path, self._end)).events:
            self._end = chunk.end
            for event in chunk.events:
                self._history.add(event)
        return self._history
