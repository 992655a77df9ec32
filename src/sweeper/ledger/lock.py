"""One driver a sweep: a lock that names its holder and that no dead process can keep."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

from sweeper.errors import SweepLocked
from sweeper.ledger.files import told

__all__ = ["Holder", "SweepLock", "holder"]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who drives a sweep; ``since`` in seconds since 1970."""

    host: str
    pid: int
    since: float


class SweepLock:
    """Held by the kernel (``flock``) for as long as this process lives.

    Raises:
        SweepLocked: on entering, where another process holds it.
        LedgerError: on entering, where it cannot be written, or the file system has no locks.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: FileIO | None = None

    def __enter__(self) -> Self:
        with told(self._path, "open"):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # unbuffered: what a full disk refused is not tried again when it is closed
            file = self._path.open("ab", buffering=0)
        try:
            with told(self._path, "lock"):
                self._take(file)
        except BaseException:
            file.close()
            raise
        self._file = file
        return self

    def _take(self, file: FileIO) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SweepLocked(_refusal(self._path)) from None
        me = Holder(socket.gethostname(), os.getpid(), time.time())
        file.truncate(0)
        file.write(json.dumps(asdict(me)).encode())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            with file, suppress(OSError):  # the name is only for people
                file.truncate(0)


def holder(path: Path) -> Holder | None:
    """Who holds the lock at ``path`` now, or None; takes nothing and disturbs nobody."""
    try:
        with path.open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _read(path)
    except OSError:
        return None
    return None


def _read(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _refusal(path: Path) -> str:
    held = _read(path)
    who = (
        f"process {held.pid} on {held.host} since "
        f"{time.strftime('%Y-%m-%d %H:%M', time.localtime(held.since))}"
        if held
        else "another process"
    )
    return (
        f"sweep {path.parent.name!r} is being run by {who}. "
        "Wait for it, or give this sweep another name."
    )
