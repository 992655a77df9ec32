"""A copy of the ledger in PostgreSQL, which another machine can go on from.

The sweep's folder is what the driver writes and everybody reads. The copy follows it: each
transaction brings it from one state that the sweep was in to a later one.
"""

from __future__ import annotations

import json
import os
import socket
import time
import uuid
from collections.abc import Iterator

from sweeper.errors import LedgerError, SweepLocked
from sweeper.ledger import cut
from sweeper.ledger.cut import Cut
from sweeper.ledger.database import Database, Owner
from sweeper.ledger.files import told
from sweeper.ledger.lock import Holder
from sweeper.ledger.paths import SweepPaths

__all__ = ["Replica"]

_Stat = tuple[int, int]  # size, and time of the last change (ns)
_LOOK_SECONDS = 10.0
"""How often the database is asked whether the copy is still ours, where there is nothing new."""


class Replica:
    """Writes the copy of one sweep; whoever makes one holds the lock of the sweep's folder.

    Its methods are called by one thread at a time.

    Attributes:
        shipped: how far the copy has each log.

    Raises:
        SweepLocked: another machine's driver writes the copy.
        LedgerError: the database does not answer, or the folder does not begin with what it has.
    """

    def __init__(self, paths: SweepPaths, uri: str) -> None:
        self._paths = paths
        self._sweep = paths.root.name
        self._database = Database(uri)
        me = Holder(socket.gethostname(), os.getpid(), time.time())
        self._owner = Owner(uuid.uuid4().hex, me)
        self._whole: dict[str, _Stat] = {}
        self._locked = False
        self._next_look = 0.0
        self.shipped: dict[str, int] = {}
        try:
            self._attach()
        except BaseException:
            self.close()
            raise

    @property
    def uri(self) -> str:
        return self._database.uri

    def ship(self, until: Cut) -> None:
        """Bring the copy up to ``until``; with nothing new, see at times whether it is still ours.

        Raises:
            TakenOver: it is another driver's.
            LedgerError: the database does not answer; what was shipped is known at the next call.
        """
        if not self._database.is_open:
            self._reconnect()
        if not self._locked:
            # after a lost connection the server keeps the lock for that one until it notices
            self._locked = self._database.lock(self._sweep)
        stats, whole = self._changed()
        grown = any(stop > self.shipped.get(file, 0) for file, stop in until.items())
        if grown or whole or time.monotonic() >= self._next_look:
            self._database.write(self._sweep, self._owner, self._news(until), whole)
            self._next_look = time.monotonic() + _LOOK_SECONDS
            self.shipped = {**self.shipped, **until}
            self._whole |= stats

    def close(self) -> None:
        """Disconnect, and let go of the sweep."""
        self._database.close()

    def _attach(self) -> None:
        self._connect()
        self._database.check_free(self._sweep)
        self._locked = True
        pieces = self._database.pieces(self._sweep)
        self._check_same_sweep()
        if wrong := cut.what_is_wrong(self._paths.root, pieces):
            raise LedgerError(self._refusal(wrong))
        self._database.own(self._sweep, self._owner)
        self.shipped = cut.lengths(pieces)
        if self._lengths() != self.shipped:
            raise SweepLocked(f"another driver has just written to {self._sweep!r}: try again")

    def _lengths(self) -> dict[str, int]:
        found = self._database.lengths(self._sweep)
        return {file: size for file, size in found.items() if cut.is_log(file)}

    def _connect(self) -> None:
        try:
            self._database.open()
        except LedgerError as error:
            raise LedgerError(
                f"{error}. Without it nobody knows whether another machine is at work on the "
                f"sweep; `sweeper resume {self._sweep} --ledger none` goes on without a copy."
            ) from error

    def _check_same_sweep(self) -> None:
        there = self._database.read(self._sweep, self._paths.manifest.name)
        if there is None or not self._paths.manifest.exists():
            return
        with told(self._paths.manifest, "read"):
            here = json.loads(self._paths.manifest.read_text(encoding="utf-8"))
        found = json.loads(there)
        if found["sweep_id"] != here["sweep_id"]:
            begun = time.strftime("%Y-%m-%d", time.localtime(found["created"]))
            raise LedgerError(
                f"{self.uri} has another sweep {self._sweep!r}, begun {begun} in "
                f"{found['folder']}: begin this one under another name"
            )

    def _refusal(self, wrong: str) -> str:
        return (
            f"{self._paths.root} is not what its copy in {self.uri} goes on from: {wrong}. Another "
            "machine has gone on with the sweep, or the folder is an older one. Move it away; then "
            f"`sweeper resume {self._sweep} --ledger {self.uri}` goes on with what is there."
        )

    def _reconnect(self) -> None:
        """A transaction whose answer never came may be done or not: the database knows."""
        self._locked = False
        self._database.open()
        self.shipped = self._lengths()

    def _news(self, until: Cut) -> Iterator[tuple[str, int, bytes]]:
        for file, stop in until.items():
            path = self._paths.root / file
            for start, data in cut.new_bytes(path, self.shipped.get(file, 0), stop):
                yield file, start, data

    def _changed(self) -> tuple[dict[str, _Stat], dict[str, bytes]]:
        """Stats and contents of the files that are no logs and not as they were shipped."""
        stats: dict[str, _Stat] = {}
        contents: dict[str, bytes] = {}
        for name, path in cut.read_whole(self._paths).items():
            with told(path, "read"):
                found = path.stat()
                stat = found.st_size, found.st_mtime_ns
                if self._whole.get(name) != stat:
                    stats[name], contents[name] = stat, path.read_bytes()
        return stats, contents
