"""What is said of a server: where it is, who may look, and what there is to see."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sweeper import words
from sweeper.ledger.paths import SweepPaths, find_sweeps
from sweeper.server.access import USER, password_file
from sweeper.server.choose import store_of
from sweeper.server.log import log_file
from sweeper.server.service import Sight, Standing, Started
from sweeper.tracker.lag import read_lag
from sweeper.tracker.links import run_path
from sweeper.tracker.place import StorePlace
from sweeper.tracker.quiet import without_password
from sweeper.tracker.ui_record import UiRecord

__all__ = ["started_lines", "status_lines", "to_json"]

_MOST_SWEEPS = 5

Lines = Iterator[tuple[str, str]]
"""A word and what there is to say of it."""


def started_lines(place: StorePlace, started: Started, sweeps: Path) -> Lines:
    """What `sweeper ui start` ends with."""
    record = started.record
    yield from _addresses("ready" if started.is_new else "running already", record)
    if (password := started.new_password) is not None:
        yield "sign in as", f"{USER}, password {password}"
        yield "", f"shown this once; also in {password_file(place)}"
        if record.open_to_others:
            yield "", "it travels unencrypted (HTTP): for networks you trust, or through a tunnel"
    yield from _common(place, record, sweeps)


def status_lines(place: StorePlace, sight: Sight, sweeps: Path) -> Lines:
    """What `sweeper ui status` says."""
    record = sight.record
    yield "MLflow UI", str(sight.standing)
    if record is None:
        yield "store", without_password(place.uri)
        yield "next", "`sweeper ui start`"
        return
    if sight.standing in (Standing.HEADLESS, Standing.GONE):
        yield from _remains(place, sight, record)
    else:
        yield from _addresses("address", record)
        yield "since", f"{_clock(record.since)} ({words.duration(time.time() - record.since)})"
        yield from _common(place, record, sweeps)
    if sight.standing is not Standing.RUNNING:
        yield "next", _advice(sight)


def to_json(place: StorePlace, sight: Sight) -> dict[str, Any]:
    """The same for programs; ``since`` in seconds since 1970, null for what there is not."""
    record = sight.record
    return {
        "state": sight.standing.name.lower(),
        "store": without_password(place.uri),
        "log": str(log_file(place)),
        "processes": sight.processes,
        "pid": record.pid if record else None,
        "since": record.since if record else None,
        "addresses": list(record.addresses) if record else [],
        "host": record.host if record else None,
        "port": record.port if record else None,
        "auth": record.auth if record else None,
    }


def _addresses(word: str, record: UiRecord) -> Lines:
    yield word, record.addresses[0]
    for address in record.addresses[1:]:
        yield "or", address


def _common(place: StorePlace, record: UiRecord, sweeps: Path) -> Lines:
    yield "open to", _audience(place, record)
    for name, path in _sweeps(place, sweeps):
        yield name, f"{record.addresses[0]}/{path}"
    yield "store", without_password(place.uri)
    yield "process", f"{record.pid}; `sweeper ui stop` ends it"
    yield "log", str(log_file(place))


def _remains(place: StorePlace, sight: Sight, record: UiRecord) -> Lines:
    """Of a server whose first process is gone: its address leads nowhere now."""
    yield "was at", f"{record.addresses[0]}, since {_clock(record.since)}"
    yield "store", without_password(place.uri)
    left = f"; {sight.processes} of its processes live on" if sight.processes else ""
    yield "process", f"{record.pid}, gone{left}"
    yield "log", str(log_file(place))


def _audience(place: StorePlace, record: UiRecord) -> str:
    who = "all who reach this machine" if record.open_to_others else "this machine only"
    if record.auth:
        file = password_file(place)
        where = file if file.exists() else "the one that was shown at its first start"
        return f"{who}, with a password (user {USER}, {where})"
    return f"{who}, WITHOUT A PASSWORD" if record.open_to_others else who


def _sweeps(place: StorePlace, sweeps: Path) -> Iterator[tuple[str, str]]:
    """The parent runs of the sweeps in the store, the last active first."""
    found = [paths for paths in find_sweeps(sweeps) if paths.mirror.exists()]
    found.sort(key=lambda paths: paths.mirror.stat().st_mtime, reverse=True)
    for paths in found[:_MOST_SWEEPS]:
        if (path := _parent(place, paths)) is not None:
            yield paths.root.name, path


def _parent(place: StorePlace, paths: SweepPaths) -> str | None:
    store, target = store_of(paths), read_lag(paths).target
    if store is None or store.uri != place.uri or target is None:
        return None
    return run_path(target.experiment_id, target.run_id)


def _advice(sight: Sight) -> str:
    if sight.standing is Standing.SILENT:
        return "`sweeper ui logs` shows what it wrote; `sweeper ui stop` ends it, also if it hangs"
    if sight.standing is Standing.HEADLESS:
        return "`sweeper ui stop` ends those, `sweeper ui start` starts it anew"
    return "`sweeper ui start` starts it anew"


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
