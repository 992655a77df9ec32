"""The server of a store: started once, looked at, ended."""

from __future__ import annotations

import contextlib
import enum
import fcntl
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from sweeper.errors import ServerError
from sweeper.server import access, ports
from sweeper.server.launch import forget, launch, wait_until_ready
from sweeper.server.log import log_file
from sweeper.server.processes import answer, end, members
from sweeper.server.wanted import Wanted
from sweeper.tracker.place import StorePlace
from sweeper.tracker.quiet import without_password
from sweeper.tracker.ui_record import UiRecord, read_record

__all__ = ["Sight", "Standing", "Started", "is_alive", "look", "start", "stop"]

Say = Callable[[str], None]

_ANSWER_SECONDS = 5.0
_GRACE_SECONDS = 10.0


class Standing(enum.StrEnum):
    """How the server of a store stands."""

    NONE = "not running"
    RUNNING = "running"
    SILENT = "not answering"
    HEADLESS = "killed, but for some of its processes"
    GONE = "gone without a stop"


@dataclass(frozen=True, slots=True)
class Sight:
    """One look; ``record`` is None only where there is no server."""

    standing: Standing
    record: UiRecord | None = None
    processes: int = 0


@dataclass(frozen=True, slots=True)
class Started:
    """A server that is ready.

    Attributes:
        is_new: False for one that was running already.
        log_begin: where in the log it begins, in bytes.
        new_password: to be shown now, since it will not be shown again.
    """

    record: UiRecord
    is_new: bool
    log_begin: int = 0
    new_password: str | None = None


def look(place: StorePlace) -> Sight:
    """How the server of the store stands on this machine."""
    record = read_record(place)
    if record is None:
        return Sight(Standing.NONE)
    living = len(members(record))
    if record.leader is None:
        return Sight(Standing.HEADLESS if living else Standing.GONE, record, living)
    well = answer(record, "/health", _ANSWER_SECONDS) == 200
    return Sight(Standing.RUNNING if well else Standing.SILENT, record, living)


def is_alive(place: StorePlace) -> bool:
    """Whether there is a server, be it well or not; takes no time."""
    record = read_record(place)
    return record is not None and record.leader is not None


def start(place: StorePlace, wanted: Wanted, say: Say) -> Started:
    """Start the server of the store, or find it running.

    Args:
        say: is told what there is to know on the way.

    Raises:
        PortTaken: another program has the port.
        ServerError: it runs otherwise than wanted, is not to be run like that, or does not start.
    """
    refuse_remote(place)
    wanted.check()
    with _alone(place, say):
        sight = look(place)
        if sight.record is not None:
            if sight.standing in (Standing.RUNNING, Standing.SILENT):
                return _running(sight, sight.record, wanted)
            _clear(place, sight.record, sight, say)
        return _new(place, wanted, say)


def refuse_remote(place: StorePlace) -> None:
    """Raise `ServerError` for a tracking server, whose UI is its own."""
    if place.is_remote:
        raise ServerError(
            f"the sweeps are mirrored to the tracking server {without_password(place.uri)}, which "
            "has the UI itself: open that address. `sweeper ui` is for a store without a server, "
            "such as `--tracking-uri sqlite:///mlflow.db`"
        )


def _running(sight: Sight, record: UiRecord, wanted: Wanted) -> Started:
    if sight.standing is Standing.SILENT:
        raise ServerError(
            f"there is a server, process {record.pid}, but it does not answer at "
            f"{record.addresses[0]}; `sweeper ui logs` shows what it wrote, `sweeper ui stop` ends "
            "it"
        )
    if difference := wanted.difference(record):
        raise ServerError(
            f"the MLflow UI runs already at {record.addresses[0]} (process {record.pid}), and it "
            f"{difference}: `sweeper ui stop` ends it, then it starts as you want it"
        )
    return Started(record, is_new=False)


def _clear(place: StorePlace, record: UiRecord, sight: Sight, say: Say) -> None:
    """Make room after a server that nobody stopped."""
    say(f"the last server, process {record.pid}, ended without `sweeper ui stop`")
    if sight.standing is Standing.HEADLESS:
        end(record, _GRACE_SECONDS)
        say(f"{_processes(sight.processes)} it left have been ended")
    forget(place, record)


def _new(place: StorePlace, wanted: Wanted, say: Say) -> Started:
    port = ports.choose_port(place, wanted.listen_on, wanted.port, auto=wanted.auto_port)
    if port != (wanted.port or ports.DEFAULT_PORT):
        say(f"port {wanted.port or ports.DEFAULT_PORT} is taken, {port} is free")
    _make_database(place, say)
    granted = access.grant(place) if wanted.auth else access.Access({}, None)
    launched = launch(place, wanted, port, granted.variables)
    wait_until_ready(place, launched, wanted.patience_seconds)
    return Started(launched.record, True, launched.log_begin, granted.new_password)


def _make_database(place: StorePlace, say: Say) -> None:
    """A store that is not there yet, whole or not at all, as a sweep makes it."""
    if place.path is None or place.path.exists():
        return
    say(f"there is no MLflow store yet; a new one is made: {place.path}")
    from sweeper.tracker.store import Store

    Store.connect(place.uri)


def stop(place: StorePlace, say: Say, grace_seconds: float = _GRACE_SECONDS) -> bool:
    """End the server of the store: TERM, and KILL for what lives after the grace time.

    Returns:
        Whether there was one.

    Raises:
        ServerError: it belongs to another user.
    """
    sight = look(place)
    record = sight.record
    if record is None:
        return False
    if sight.standing is Standing.GONE:
        say(f"the server, process {record.pid}, was gone already: killed, or lost in a restart")
    elif _ended(record, grace_seconds):
        say(f"it did not end within {grace_seconds:g} s of SIGTERM and was killed")
    forget(place, record)
    return sight.standing is not Standing.GONE


def _ended(record: UiRecord, grace_seconds: float) -> bool:
    try:
        return end(record, grace_seconds)
    except psutil.AccessDenied as error:
        raise ServerError(
            f"process {record.pid} belongs to {psutil.Process(record.pid).username()}, who alone "
            "can stop it"
        ) from error


@contextlib.contextmanager
def _alone(place: StorePlace, say: Say) -> Iterator[None]:
    """One start at a time; whoever comes second waits, and finds the server running."""
    try:
        place.state.mkdir(parents=True, exist_ok=True)
        # it holds a password, and nothing that belongs into a repository
        (place.state / ".gitignore").write_text("*\n")
        log_file(place).touch()
        lock = (place.state / f"{socket.gethostname()}.lock").open("w")
    except OSError as error:
        raise ServerError(f"cannot write into {place.state}: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another `sweeper ui start` is at work here; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _processes(count: int) -> str:
    return "a process that" if count == 1 else f"{count} processes that"
