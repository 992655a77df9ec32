"""The server in front of a person: the port that is offered, the server that ends with Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.prompt import Confirm

from sweeper.errors import PortTaken, ServerError
from sweeper.interruption import deaf
from sweeper.server.log import follow, log_file, tail
from sweeper.server.report import started_lines
from sweeper.server.service import Started, is_alive, start, stop
from sweeper.server.wanted import Wanted
from sweeper.tracker.place import StorePlace

__all__ = ["run_here", "show_lines", "show_log", "start_here"]


def start_here(place: StorePlace, wanted: Wanted, sweeps: Path, console: Console) -> None:
    """Start the server and say where it is; on a terminal, offer the next free port.

    Raises:
        ServerError: as `start`.
    """
    _announce(place, _start(place, wanted, console), sweeps, console)


def _start(place: StorePlace, wanted: Wanted, console: Console) -> Started:
    say = _sayer(console)
    try:
        return start(place, wanted, say)
    except PortTaken as taken:
        if taken.free is None or not (console.is_terminal and sys.stdin.isatty()):
            raise
        say(str(taken))
        if not Confirm.ask(f"take port {taken.free}?", console=console, default=True):
            raise
        return start(place, replace(wanted, port=taken.free), say)


def _announce(place: StorePlace, started: Started, sweeps: Path, console: Console) -> None:
    if started.record.open_to_others and not started.record.auth:
        warning = "no password: all who reach this machine can read, change and delete everything"
        console.print(f"warning: {warning}", style="bold yellow", soft_wrap=True)
    show_lines(started_lines(place, started, sweeps), console)


def run_here(place: StorePlace, wanted: Wanted, sweeps: Path, console: Console) -> bool:
    """Run the server and show its log until Ctrl-C; one that runs already is left alone.

    Returns:
        False if the server ended by itself.

    Raises:
        ServerError: as `start`.
    """
    started = _start(place, wanted, console)
    if not started.is_new:
        _announce(place, started, sweeps, console)
        return True
    asked = False
    try:
        _announce(place, started, sweeps, console)
        for text in follow(log_file(place), started.log_begin, partial(is_alive, place)):
            _print_raw(text, console)
    except KeyboardInterrupt:
        asked = True
    finally:  # also where the terminal is gone
        deaf()
        stop(place, _sayer(console))
    console.print("the MLflow UI is stopped" if asked else "the server has ended")
    return asked


def show_log(place: StorePlace, lines: int, console: Console, *, forever: bool) -> None:
    """Show the end of the log and, if wanted, what is still coming while the server lives.

    Raises:
        ServerError: there is no log.
    """
    path = log_file(place)
    if not path.exists():
        raise ServerError(f"no server was started for this store on this machine: no {path}")
    size = path.stat().st_size
    _print_raw(tail(path, lines), console)
    if not forever:
        return
    try:
        for text in follow(path, size, partial(is_alive, place)):
            _print_raw(text, console)
    except KeyboardInterrupt:
        return
    console.print("the server has been stopped", style="dim")


def show_lines(lines: Iterable[tuple[str, str]], console: Console) -> None:
    """Words with what is said of them, in two columns; links stay whole."""
    said = list(lines)
    width = max(len(word) for word, _ in said)
    for word, text in said:
        console.print(f"{word:<{width}}  {text}", markup=False, soft_wrap=True)


def _print_raw(text: str, console: Console) -> None:
    console.print(text, end="", markup=False, soft_wrap=True)


def _sayer(console: Console) -> Callable[[str], None]:
    return lambda text: console.print(text, style="yellow", markup=False, soft_wrap=True)
