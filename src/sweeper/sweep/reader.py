"""A history that another process or thread writes, followed as it grows."""

from __future__ import annotations

from sweeper.ledger.history import History
from sweeper.ledger.paths import SweepPaths
from sweeper.tracker.tail import read_chunk

__all__ = ["HistoryReader"]


class HistoryReader:
    """Reads only what is new."""

    def __init__(self, paths: SweepPaths) -> None:
        self._path = paths.history
        self._history = History()
        self._end = 0

    def read(self) -> History:
        """The history by now; the same object each time.

        Raises:
            LedgerError: a line is damaged.
        """
        while (chunk := read_chunk(self._path, self._end)).events:
            self._end = chunk.end
            for event in chunk.events:
                self._history.add(event)
        return self._history
