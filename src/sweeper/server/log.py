"""What a server writes."""

from __future__ import annotations

import codecs
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from sweeper.tracker.place import StorePlace

__all__ = ["follow", "log_file", "make_room", "tail"]

_MOST_BYTES = 20_000_000
_LOOK_SECONDS = 0.3


def log_file(place: StorePlace) -> Path:
    return place.state / f"{socket.gethostname()}.log"


def make_room(path: Path) -> None:
    """Put a log that has grown large aside, over the one before it; called between servers."""
    if path.exists() and path.stat().st_size > _MOST_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))


def tail(path: Path, lines: int, since: int = 0) -> str:
    """The last ``lines`` lines after the byte ``since``; nothing where there is no log."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(since)
        return b"".join(deque(file, maxlen=lines)).decode(errors="replace")


def follow(path: Path, begin: int, goes_on: Callable[[], bool]) -> Iterator[str]:
    """What is in the log from the byte ``begin`` on and is still coming, until nothing will."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with path.open("rb") as file:
        file.seek(begin)
        more = True
        while more:
            more = goes_on()
            if text := decoder.decode(file.read()):
                yield text
            elif more:
                time.sleep(_LOOK_SECONDS)
