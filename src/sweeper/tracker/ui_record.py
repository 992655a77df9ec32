"""What is written down about a server that `sweeper ui` started, and whether it still lives."""

from __future__ import annotations

import contextlib
import json
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from sweeper.ledger.files import write_atomically
from sweeper.tracker.place import StorePlace

__all__ = ["TOKEN_VARIABLE", "UiRecord", "read_record", "record_file", "ui_address"]

TOKEN_VARIABLE = "SWEEPER_UI_TOKEN"
"""In the environment of the server and of every process below it: marks them as ours."""
_CLOCK_SLACK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class UiRecord:
    """A server, written down when it is started.

    Attributes:
        pid: its first process, which leads a process group.
        created: when that process began, as psutil says; a pid is given again to strangers.
        token: the value of `TOKEN_VARIABLE` in all of its processes.
        since: seconds since 1970.
        host, port: what it listens on.
        addresses: where a browser finds it, the best one first.
        open_to_others: whether other machines reach it.
        auth: whether it asks for a password.
    """

    pid: int
    created: float
    token: str
    since: float
    host: str
    port: int
    addresses: tuple[str, ...]
    open_to_others: bool
    auth: bool

    @property
    def leader(self) -> psutil.Process | None:
        """The first process; None if it is gone, also where its pid is a stranger's now."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            if process.status() != psutil.STATUS_ZOMBIE and self._is_mine(process):
                return process
        return None

    def _is_mine(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(TOKEN_VARIABLE) == self.token
        except psutil.AccessDenied:  # another user's
            # a corrected system clock moves the times of all processes a little
            return abs(process.create_time() - self.created) < _CLOCK_SLACK_SECONDS

    def write(self, place: StorePlace) -> None:
        """Replace the record of this machine.

        Raises:
            LedgerError: the folder cannot be written.
        """
        write_atomically(record_file(place), json.dumps(asdict(self), indent=2) + "\n")


def record_file(place: StorePlace) -> Path:
    """One for each machine: pids say nothing on another one that shares the folder."""
    return place.state / f"{socket.gethostname()}.json"


def read_record(place: StorePlace) -> UiRecord | None:
    """The last server that was started here and not stopped; None where there is none."""
    try:
        found = json.loads(record_file(place).read_text(encoding="utf-8"))
        return UiRecord(**found | {"addresses": tuple(found["addresses"])})
    except (OSError, ValueError, LookupError, TypeError):
        return None


def ui_address(place: StorePlace) -> str | None:
    """Where a browser finds the UI of the store, without a slash at the end; None if nowhere."""
    if place.is_remote:
        return place.uri.rstrip("/") if place.uri.startswith("http") else None
    record = read_record(place)
    return record.addresses[0] if record is not None and record.leader is not None else None
