"""The file of the Optuna study: Optuna's journal format, for a single writer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend

from sweeper.ledger.files import LineLog, entries

__all__ = ["Journal"]


class Journal(BaseJournalBackend):
    """A journal whose writer holds the sweep's lock, so entries need no lock and no reading back.

    A trial has dozens of entries. `sync` brings them to the disk: it is due before the history
    speaks of a trial, and all later entries follow from the history (`SweepStudy.catch_up`).

    Raises:
        LedgerError: it cannot be read or written, or a line is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._first = 0
        self._unread: list[dict[str, Any]] = list(entries(path))
        self._log = LineLog(path)

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        """The entries from number ``log_number_from`` on; those before it are not asked again."""
        del self._unread[: log_number_from - self._first]
        self._first = log_number_from
        return list(self._unread)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append all ``logs`` or none; they survive this process, and with `sync` the machine."""
        self._log.append(*logs, sync=False)
        # as they would be read back: JSON knows no tuples
        self._unread += [json.loads(json.dumps(log)) for log in logs]

    def sync(self) -> None:
        """Bring what was appended to the disk."""
        self._log.sync()

    def close(self) -> None:
        self._log.close()
