"""What a person wants of a running driver: one small file in the sweep's folder.

Anybody who can write to the folder may ask, from any machine; the driver looks about once a second.
A request names the driver that it is for, so that none reaches a later one.
"""

from __future__ import annotations

import contextlib
import enum
import getpass
import json
import os
import socket
import time
from dataclasses import asdict, dataclass

from sweeper.ledger.files import write_atomically
from sweeper.ledger.lock import Holder
from sweeper.ledger.paths import SweepPaths

__all__ = ["Request", "Want", "ask", "pending", "withdraw"]


class Want(enum.StrEnum):
    """What a driver can be asked to do."""

    STOP = "stop"
    """Start no new trial, finish the running ones, then end."""
    CANCEL = "cancel"
    """End now; running trials go on with the next session."""
    PAUSE = "pause"
    """Let the running trials leave their workers, and wait."""
    GO = "go"
    """Go on after a pause."""


@dataclass(frozen=True, slots=True)
class Request:
    """Attributes:
    by: who wants it, for people (``mina@mars``).
    to: the driver (`Holder.address`).
    time: when it was asked, in seconds since 1970.
    """

    want: Want
    by: str
    to: str
    time: float


def ask(paths: SweepPaths, want: Want, driver: Holder) -> Request:
    """Ask ``driver`` to do something; a later request takes the place of an earlier one.

    Raises:
        LedgerError: the folder cannot be written.
    """
    request = Request(want, _me(), driver.address, time.time())
    write_atomically(paths.request, json.dumps(asdict(request)) + "\n")
    return request


def pending(paths: SweepPaths) -> Request | None:
    """The request that nobody has obeyed yet, or None; a file with something else is none."""
    try:
        found = json.loads(paths.request.read_text(encoding="utf-8"))
        return Request(Want(found["want"]), found["by"], found["to"], found["time"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def withdraw(paths: SweepPaths) -> None:
    """Remove the request: it was obeyed, or nobody is left to obey it."""
    with contextlib.suppress(OSError):
        paths.request.unlink()


def _me() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container without a name for its user
        user = f"user {os.getuid()}"
    return f"{user}@{socket.gethostname()}"
