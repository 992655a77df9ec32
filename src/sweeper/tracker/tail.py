"""Reading the ledger's history from where the mirror stands."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeper.errors import LedgerError
from sweeper.ledger.files import MEND

__all__ = ["Chunk", "Event", "count_lines", "first_time", "length", "read_chunk"]

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive events and the byte of the history after the last of them."""

    events: tuple[Event, ...]
    end: int


def read_chunk(path: Path, start: int, stop: int | None = None, size: int = 1 << 18) -> Chunk:
    """The whole lines from byte ``start``: about ``size`` bytes of them, and none beyond ``stop``.

    A last line without a line end is still being written and is left for the next time.

    Raises:
        LedgerError: a whole line is damaged.
    """
    data = _whole_lines(path, start, size if stop is None else min(size, stop - start))
    events = []
    for line in data.splitlines():
        try:
            events.append(json.loads(line))
        except ValueError as error:
            raise LedgerError(
                f"{path}: damaged line after byte {start}: {error}. {MEND}"
            ) from error
    return Chunk(tuple(events), start + len(data))


def count_lines(path: Path, start: int) -> int:
    """How many events there are from byte ``start`` on."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 16), b""))
    except FileNotFoundError:
        return 0


def length(path: Path) -> int:
    """Bytes of the history by now; 0 where there is none.

    They are on the disk then: what a power cut took away again must not have been shipped.
    """
    try:
        with path.open("rb") as file:
            end = os.fstat(file.fileno()).st_size
            os.fsync(file.fileno())
            return end
    except FileNotFoundError:
        return 0


def first_time(path: Path) -> float | None:
    """When the history begins, in seconds since 1970; None while it is empty."""
    events = read_chunk(path, 0, size=1).events
    return float(events[0]["time"]) if events else None


def _whole_lines(path: Path, start: int, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(start)
            data = file.read(size)
            if data and not data.endswith(b"\n"):
                data += file.readline()
    except FileNotFoundError:
        return b""
    return data[: data.rfind(b"\n") + 1]
