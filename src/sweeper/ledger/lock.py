"""One driver a sweep: a lock that names its holder and that no dead process can keep."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import threading
import time
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

from sweeper import words
from sweeper.errors import SweepLocked
from sweeper.ledger.files import told

__all__ = ["Holder", "SweepLock", "holder", "last_beat", "last_holder"]

_BEAT_SECONDS = 10.0
_SILENCE_SECONDS = 60.0
"""A holder on another machine that has given no sign of life for so long is dead."""
_TRIES, _PAUSE_SECONDS = 5, 0.1


@dataclass(frozen=True, slots=True)
class Holder:
    """Who drives a sweep; ``since`` in seconds since 1970."""

    host: str
    pid: int
    since: float

    @property
    def address(self) -> str:
        return f"{self.pid}@{self.host}"

    @property
    def is_here(self) -> bool:
        """Whether it is, or was, a process of this machine."""
        return self.host == socket.gethostname()

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


class SweepLock:
    """Held by the kernel (``flock``) for as long as this process lives.

    A shared folder may not carry the kernel's locks from one machine to another. So a holder also
    gives a sign of life every ten seconds, the modification time of the file, and the lock of
    another machine holds until a minute after its last one.

    Raises:
        SweepLocked: on entering, where another process holds it.
        LedgerError: on entering, where it cannot be written, or the file system has no locks.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: FileIO | None = None
        self._left = threading.Event()

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
        threading.Thread(target=self._beat, name="sign-of-life", daemon=True).start()
        return self

    def _take(self, file: FileIO) -> None:
        if not _seize(file) or _lives_elsewhere(self._path):
            raise SweepLocked(_refusal(self._path))
        me = Holder(socket.gethostname(), os.getpid(), time.time())
        file.truncate(0)
        file.write(json.dumps(asdict(me)).encode())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left.set()
        if self._file is not None:
            file, self._file = self._file, None
            with file, contextlib.suppress(OSError):  # the name is only for people
                file.truncate(0)

    def _beat(self) -> None:
        while not self._left.wait(_BEAT_SECONDS):
            with contextlib.suppress(OSError):
                os.utime(self._path)


def holder(path: Path) -> Holder | None:
    """Who holds the lock at ``path`` now, or None."""
    try:
        with path.open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return last_holder(path)
    except OSError:
        return None
    return last_holder(path) if _lives_elsewhere(path) else None


def last_holder(path: Path) -> Holder | None:
    """Who holds the lock or died with it; None where the last one left in order."""
    try:
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def last_beat(path: Path) -> float | None:
    """The holder's last sign of life, in seconds since 1970."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _seize(file: FileIO) -> bool:
    """Take the lock; tried again for a moment, in which somebody may just be looking at it."""
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSE_SECONDS)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False


def _lives_elsewhere(path: Path) -> bool:
    found, beat = last_holder(path), last_beat(path)
    if found is None or beat is None or found.is_here:
        return False
    return time.time() - beat < _SILENCE_SECONDS


def _refusal(path: Path) -> str:
    found, beat, sweep = last_holder(path), last_beat(path), path.parent.name
    if found is None:
        who = "another process"
    else:
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(found.since))
        who = f"{found} since {since}"
        if not found.is_here and beat is not None:
            who += f" (last sign of life {words.duration(max(0.0, time.time() - beat))} ago)"
    return (
        f"sweep {sweep!r} is being run by {who}. `sweeper status {sweep}` says where it stands, "
        f"`sweeper stop {sweep}` ends it; another name begins another sweep."
    )
