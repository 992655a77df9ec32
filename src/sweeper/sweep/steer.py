"""Steering a sweep from another process: stop, cancel, pause, go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from sweeper import words
from sweeper.errors import SweepLocked
from sweeper.ledger.history import read_history
from sweeper.ledger.lock import Holder, holder, last_beat
from sweeper.ledger.note import Doing, read_note
from sweeper.ledger.paths import SweepPaths
from sweeper.ledger.requests import Want, ask, pending
from sweeper.records import TrialState
from sweeper.sweep.look import Standing, ago, look

__all__ = ["cancel", "pause", "stop", "wake"]

_ANSWER_SECONDS = 20.0
"""How long a driver may take to see a request; files come late on some shared folders."""
_POLL_SECONDS = 0.1


def stop(name: str, sweeps: Path, console: Console, *, wait: bool = False) -> bool:
    """Let the sweep end after its running trials, or set right what a dead driver left.

    Args:
        wait: return only when the driver has left.

    Returns:
        Whether it was obeyed, as far as that can be known by now.

    Raises:
        SweepNotFound, LedgerError: there is no such sweep, or its folder cannot be used.
    """
    paths = SweepPaths.existing(name, sweeps)
    return _end(paths, Want.STOP, console, wait=wait)


def cancel(name: str, sweeps: Path, console: Console) -> bool:
    """End the sweep now, its running trials resumable; arguments and errors as `stop`."""
    paths = SweepPaths.existing(name, sweeps)
    return _end(paths, Want.CANCEL, console, wait=True)


def pause(name: str, sweeps: Path, console: Console, *, wait: bool = False) -> bool:
    """Let the running trials leave their workers; arguments and errors as `stop`."""
    paths = SweepPaths.existing(name, sweeps)
    driver = _driver(paths)
    if driver is None:
        _say_idle(paths, console)
        return True
    running = _running(paths)
    if not _tell(paths, Want.PAUSE, driver, console):
        return False
    leaving = f"{running} leave the workers after the epoch they are in, then " if running else ""
    console.print(f"pausing: {leaving}Ray ends and the GPUs are free", markup=False)
    if wait:
        _until(lambda: _doing(paths) is Doing.PAUSED or _gone(paths, driver))
        console.print("paused")
    console.print(f"`sweeper resume {name}` goes on", style="dim")
    return True


def wake(name: str, sweeps: Path, console: Console, new: str = "") -> bool:
    """Let the driver go on that holds the sweep paused; False where none does.

    Args:
        new: flags of which the driver would know nothing.

    Raises:
        SweepNotFound: there is no such sweep.
        SweepLocked: it does not answer, or there is something ``new``.
    """
    paths = SweepPaths.existing(name, sweeps)
    driver = _driver(paths)
    if driver is None or _doing(paths) not in (Doing.PAUSED, Doing.PAUSING):
        return False
    if new:
        raise SweepLocked(
            f"sweep {name!r} is paused by {driver}, which knows nothing of {new}: "
            f"`sweeper resume {name}` lets it go on, or `sweeper stop {name}` ends it first"
        )
    if not _tell(paths, Want.GO, driver, console):
        raise SweepLocked(f"sweep {name!r} is paused, and its driver does not answer")
    console.print(f"the driver ({driver}) goes on", markup=False)
    return True


def _end(paths: SweepPaths, want: Want, console: Console, *, wait: bool) -> bool:
    name, driver = paths.root.name, _driver(paths)
    if driver is None:
        from sweeper.sweep.tidy import tidy

        return tidy(paths, console)
    if _doing(paths) is Doing.CLOSING:
        console.print(f"{name} is ending already; {driver} writes its summary", markup=False)
    else:
        running = _running(paths)
        if not _tell(paths, want, driver, console):
            return False
        console.print(f"{driver} {_promise(want, running)}", markup=False)
    if wait:
        _until(lambda: _gone(paths, driver))
        _say_end(paths, console)
    else:
        console.print(f"`sweeper cancel {name}` would end it now", style="dim")
    return True


def _promise(want: Want, running: str) -> str:
    if want is Want.CANCEL:
        return "ends the sweep now" + (f"; {running} go on with the next session" * bool(running))
    finish = f"; {running} finish" if running else ""
    return f"starts no new trial{finish}, then its summary follows"


def _say_idle(paths: SweepPaths, console: Console) -> None:
    found = look(paths)
    lost = found.standing is Standing.LOST
    how = "has lost its driver" if lost else f"is {found.standing}"
    console.print(f"nothing runs: {found.name} {how}", markup=False)
    if found.unfinished:
        console.print(f"`sweeper resume {found.name}` goes on", style="dim")


def _say_end(paths: SweepPaths, console: Console) -> None:
    found = look(paths)
    counts = found.board.counts
    said = f"{found.name} {found.standing}: {counts.ended} of {found.board.total} trials ended"
    if counts.interrupted:
        said += f", {counts.interrupted} interrupted"
    console.print(said, markup=False)
    if found.unfinished:
        console.print(f"`sweeper resume {found.name}` goes on", style="dim")


def _driver(paths: SweepPaths) -> Holder | None:
    return holder(paths.lock)


def _doing(paths: SweepPaths) -> Doing | None:
    note = read_note(paths)
    return note.doing if note else None


def _gone(paths: SweepPaths, driver: Holder) -> bool:
    now = _driver(paths)
    return now is None or now.address != driver.address


def _running(paths: SweepPaths) -> str:
    """``trial 3 (epoch 5)``, ``trials 3 and 4 (epochs 5 and 6)``; empty for none."""
    records = read_history(paths.history).records()
    running = [r for r in records if r.state is TrialState.RUNNING]
    if not running:
        return ""
    many = "s" if len(running) > 1 else ""
    numbers = words.listed([str(r.number) for r in running])
    return f"trial{many} {numbers} (epoch{many} {words.listed([str(r.epoch) for r in running])})"


def _tell(paths: SweepPaths, want: Want, driver: Holder, console: Console) -> bool:
    """Ask the driver and wait until it has taken the request, or is gone."""
    ask(paths, want, driver)
    taken = _until(lambda: pending(paths) is None or _gone(paths, driver), _ANSWER_SECONDS)
    if not taken:
        beat = last_beat(paths.lock)
        sign = "unknown" if beat is None else ago(time.time() - beat)
        console.print(
            f"{driver} has not answered yet; it obeys as soon as it sees the request. "
            f"Its last sign of life: {sign}",
            style="yellow",
            markup=False,
        )
    return taken


def _until(condition: Callable[[], bool], seconds: float = float("inf")) -> bool:
    """Wait until it is so, at most for ``seconds``; whether it is."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(_POLL_SECONDS)
    return True
