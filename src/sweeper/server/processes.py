"""The processes of a server, found again from outside and ended together."""

from __future__ import annotations

import contextlib
import http.client

import psutil

from sweeper.server.addresses import reachable_at
from sweeper.tracker.ui_record import TOKEN_VARIABLE, UiRecord

__all__ = ["answer", "end", "is_ready", "members"]

_GONE_SECONDS = 5.0


def members(record: UiRecord) -> list[psutil.Process]:
    """Its living processes, also those that outlived the first one; the first one comes first."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            marked = process.environ().get(TOKEN_VARIABLE) == record.token
            if marked and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    leader = record.leader
    if leader is not None and leader not in found:  # another user's
        found.append(leader)
    return sorted(found, key=lambda process: (process.pid != record.pid, process.pid))


def end(record: UiRecord, grace_seconds: float) -> bool:
    """TERM for all of its processes, KILL for those that live after the grace time.

    Returns:
        Whether KILL was needed.

    Raises:
        psutil.AccessDenied: it belongs to another user.
    """
    living = members(record)
    _send(living, "terminate")
    _, living = psutil.wait_procs(living, timeout=grace_seconds)
    # one that was just being started inherits the mark, but has not heard the signal
    rest = members(record)
    _send(rest, "kill")
    psutil.wait_procs(rest, timeout=_GONE_SECONDS)
    return bool(rest)


def _send(processes: list[psutil.Process], signal: str) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            getattr(process, signal)()


def is_ready(record: UiRecord) -> bool:
    """Whether this server, and no stranger on its port, answers that it is well."""
    return _listens(record) and answer(record, "/health", seconds=2.0) == http.client.OK


def answer(record: UiRecord, path: str, seconds: float) -> int | None:
    """The HTTP status that it gives for ``path``; None for no answer in time."""
    connection = http.client.HTTPConnection(reachable_at(record.host), record.port, timeout=seconds)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path, headers={"Host": f"localhost:{record.port}"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None


def _listens(record: UiRecord) -> bool:
    for process in members(record):
        with contextlib.suppress(psutil.Error):
            for found in process.net_connections("tcp"):
                if found.status == psutil.CONN_LISTEN and found.laddr[1] == record.port:
                    return True
    return False
