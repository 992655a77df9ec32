"""CPU seconds of a command and of everything that it starts, daemons included.

Two things make a process tree hard to account for. Daemons leave it: they start their own session
and outlive their parent. And a parent that ignores SIGCHLD (Ray's raylet, for its workers) makes
the kernel drop the times of its dead children. So, on Linux:

- the meter becomes a *child subreaper*: an orphan of any session comes to it and not to pid 1, so
  no descendant leaves the tree, and what the meter reaps is counted by the kernel to the end;
- it looks at the tree several times a second and remembers the times of each process; those of
  processes that vanished under a parent which drops them are added, exact but for the last look;
- all that was ever seen must be in the sum, or the meter raises.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["Usage", "measure"]

_LOOK_SECONDS = 0.2
_GRACE_SECONDS = 30.0  # for daemons, once the command itself has ended
_PR_SET_CHILD_SUBREAPER = 36
_SIGCHLD_BIT = 1 << 16  # of signal 17, in the masks of /proc/<pid>/status


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command used.

    Attributes:
        cpu_seconds: user and system time of the command and of all its descendants.
        driver_seconds: the part of the command's own process.
        wall_seconds: until the command itself ended.
    """

    cpu_seconds: float
    driver_seconds: float
    wall_seconds: float


@dataclass(frozen=True, slots=True)
class _Look:
    """One process when last seen: its own seconds, those of the children it reaped, its fate."""

    own: float
    children: float
    dropped: bool


def measure(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    timeout: float,
    enough: Callable[[], bool] = lambda: False,
) -> Usage:
    """Run ``command`` to the end of its last descendant; its output goes to ``log``.

    Once there is ``enough`` of it, it is asked to end, by SIGTERM, and may end as it likes.

    Raises:
        OSError: there is no child subreaper here (not Linux).
        RuntimeError: the command failed or took more than ``timeout`` seconds, or the sum lacks
            something that was seen.
    """
    _become_subreaper()
    start = time.monotonic()
    with log.open("wb") as output:
        main = subprocess.Popen(command, cwd=cwd, env=env, stdout=output, stderr=output)
    tree = _Tree(main)
    _watch(tree, until=lambda: main.returncode is not None or enough(), seconds=timeout)
    ended_early = main.returncode is None and enough()
    if ended_early:
        main.terminate()
        _watch(tree, until=lambda: main.returncode is not None, seconds=_GRACE_SECONDS)
    wall_seconds = time.monotonic() - start
    status = main.returncode
    _watch(tree, until=lambda: tree.empty, seconds=_GRACE_SECONDS)
    tree.kill()
    if status != 0 and not ended_early:
        outcome = f"ended with {status}" if status is not None else f"ran over {timeout:.0f} s"
        raise RuntimeError(f"{' '.join(command)} {outcome}; see {log}")
    return Usage(tree.cpu_seconds(), tree.driver_seconds(), wall_seconds)


def _watch(tree: _Tree, *, until: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not until() and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
        tree.look()
        tree.reap()


class _Tree:
    """The descendants of this process: those alive, and the times of those that ended."""

    def __init__(self, main: subprocess.Popen[bytes]) -> None:
        self.empty = False
        self._main = main
        self._looks: dict[psutil.Process, _Look] = {}
        self._reaped: dict[int, float] = {}

    def look(self) -> None:
        """Remember the times of all processes there are."""
        alive = psutil.Process().children(recursive=True)
        droppers = {process.pid for process in alive if _ignores_children(process.pid)}
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                self._looks[process] = _Look(
                    own=times.user + times.system,
                    children=times.children_user + times.children_system,
                    dropped=process.ppid() in droppers,
                )

    def reap(self) -> None:
        """Take in the ended children of ours; the kernel hands over their times to the end."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    return
                self._reaped[pid] = usage.ru_utime + usage.ru_stime
                if pid == self._main.pid:
                    self._main.returncode = os.waitstatus_to_exitcode(status)
        self.empty = True

    def kill(self) -> None:
        """End and take in what is left."""
        while not self.empty:
            self.look()
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            time.sleep(_LOOK_SECONDS)
            self.reap()

    def cpu_seconds(self) -> float:
        """All of it.

        Raises:
            RuntimeError: less than the processes were seen to use.
        """
        dropped = [
            look.own + look.children
            for process, look in self._looks.items()
            if look.dropped and process.pid not in self._reaped
        ]
        total = sum(self._reaped.values()) + sum(dropped)
        seen = sum(look.own for look in self._looks.values())
        if total < 0.995 * seen - 0.5:
            raise RuntimeError(f"counted {total:.1f} CPU seconds, but saw {seen:.1f} being used")
        return total

    def driver_seconds(self) -> float:
        """Of the command's own process, as last seen."""
        return sum(look.own for p, look in self._looks.items() if p.pid == self._main.pid)


def _become_subreaper() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot become the reaper of orphaned processes")


def _ignores_children(pid: int) -> bool:
    """Whether the kernel drops the children of ``pid`` as they end, and their times with them."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    ignored = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
    return bool(int(ignored.split()[1], 16) & _SIGCHLD_BIT)
