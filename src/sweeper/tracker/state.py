"""What MLflow already has, kept beside the ledger in ``mirror.jsonl``.

A write-ahead log: before the events up to some byte of the history are shipped, ``begin`` is
appended, and ``done`` after it. Whoever finds a ``begin`` without its ``done`` knows that MLflow
may or may not have got any of the writes in between.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from sweeper.errors import LedgerError
from sweeper.ledger.files import LineLog
from sweeper.tracker.tally import Tally

__all__ = ["MirrorState", "Target", "Wish"]

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """The parent run that the sweep is mirrored to."""

    experiment_id: str
    run_id: str


@dataclass(frozen=True, slots=True)
class Wish:
    """Something the parent run must get besides the events; a later ``serial`` is the newer one."""

    serial: int
    value: str


class MirrorState:
    """The folded log; every change is on disk when the method that makes it returns.

    Attributes:
        target: the parent run, None before there is one.
        offset: the history is shipped up to this byte.
        begun: shipping was begun up to this byte.
        tally: the sweep at ``offset``.
        runs: run id of each trial that has one.
        dropped: trials whose runs were deleted in MLflow; nothing more is written for them.
        owed: ended trials whose artifacts are still to be uploaded.
        shipped: the newest modification time (ns) among each trial's uploaded artifacts.
        wishes: what the parent run is still to get, by kind.
    """

    def __init__(self, path: Path, *, peek: bool = False) -> None:
        self.target: Target | None = None
        self.wishes: dict[str, Wish] = {}
        self._serial = 0
        self._empty(0)
        self._handlers: dict[str, Callable[[Any], None]] = {
            "target": self._on_target,
            "begin": self._on_begin,
            "run": self._on_run,
            "drop": self._on_drop,
            "done": self._on_done,
            "owe": self._on_owe,
            "shipped": self._on_shipped,
            "rewind": self._on_rewind,
            "wish": self._on_wish,
            "granted": self._on_granted,
        }
        self._lock = threading.RLock()
        self._log = None if peek else LineLog(path)
        self._read(path)

    @classmethod
    def peek(cls, path: Path) -> Self:
        """The state for reading only, also while its owner is at work: it cannot be changed."""
        return cls(path, peek=True)

    @property
    def unsure(self) -> bool:
        """Whether MLflow may have got writes that are not recorded here."""
        return self.begun > self.offset

    def aim(self, target: Target, begun: int) -> None:
        """Start anew on a parent run that may hold writes of the history up to byte ``begun``."""
        self._append({"target": {**asdict(target), "begun": begun}})

    def begin(self, end: int) -> None:
        """Events up to byte ``end`` will be shipped now."""
        if end > self.begun:
            self._append({"begin": end})

    def done(self, end: int, tally: Tally, owed: Collection[int]) -> None:
        """Events up to byte ``end`` are shipped; the artifacts of ``owed`` trials are not yet."""
        self._append({"done": {"end": end, "tally": tally.to_json(), "owed": sorted(owed)}})

    def add_runs(self, runs: Mapping[int, str]) -> None:
        """These trials have runs of these ids now."""
        self._append(*({"run": [number, run_id]} for number, run_id in runs.items()))

    def drop(self, number: int) -> None:
        self._append({"drop": number})

    def owe(self, numbers: Collection[int]) -> None:
        """The artifacts of these trials are to be uploaded again."""
        if numbers:
            self._append({"owe": sorted(numbers)})

    def add_shipped(self, number: int, newest: int) -> None:
        self._append({"shipped": [number, newest]})

    def rewind(self) -> None:
        """Everything is to be shipped again, skipping what MLflow has."""
        self._append({"rewind": True})

    def wish(self, kind: str, value: str) -> None:
        """Replace the wish of this kind."""
        with self._lock:
            self._append({"wish": [kind, self._serial + 1, value]})

    def grant(self, kind: str, wish: Wish) -> None:
        """``wish`` is fulfilled; a newer one of its kind stays."""
        self._append({"granted": [kind, wish.serial]})

    def close(self) -> None:
        if self._log is not None:
            self._log.close()

    def _append(self, *entries: Entry) -> None:
        assert self._log is not None, "this state can only be read"
        with self._lock:
            self._log.append(*entries)
            for entry in entries:
                self._fold(entry)

    def _read(self, path: Path) -> None:
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]  # the rest is being written at this moment
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                self._fold(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                self.close()
                raise LedgerError(
                    f"{path}:{number}: damaged line: {error}. Delete the file: the mirror finds "
                    "its runs in MLflow again and loses nothing."
                ) from error

    def _fold(self, entry: Entry) -> None:
        for name, value in entry.items():
            self._handlers[name](value)

    def _empty(self, begun: int) -> None:
        self.offset, self.begun = 0, begun
        self.tally = Tally()
        self.runs: dict[int, str] = {}
        self.dropped: set[int] = set()
        self.owed: set[int] = set()
        self.shipped: dict[int, int] = {}

    def _on_target(self, value: Entry) -> None:
        self.target = Target(value["experiment_id"], value["run_id"])
        self._empty(value["begun"])

    def _on_begin(self, end: int) -> None:
        self.begun = end

    def _on_done(self, value: Entry) -> None:
        self.offset = value["end"]
        self.begun = max(self.begun, self.offset)
        self.tally = Tally.from_json(value["tally"])
        self.owed |= set(value["owed"])

    def _on_run(self, value: tuple[int, str]) -> None:
        self.runs[value[0]] = value[1]

    def _on_drop(self, number: int) -> None:
        self.dropped.add(number)
        self.owed.discard(number)

    def _on_owe(self, numbers: list[int]) -> None:
        self.owed |= set(numbers)

    def _on_shipped(self, value: tuple[int, int]) -> None:
        self.shipped[value[0]] = value[1]
        self.owed.discard(value[0])

    def _on_rewind(self, _: bool) -> None:
        self.begun, self.offset, self.tally = max(self.begun, self.offset), 0, Tally()

    def _on_wish(self, value: tuple[str, int, str]) -> None:
        kind, self._serial, text = value
        self.wishes[kind] = Wish(self._serial, text)

    def _on_granted(self, value: tuple[str, int]) -> None:
        kind, serial = value
        if kind in self.wishes and self.wishes[kind].serial == serial:
            del self.wishes[kind]
