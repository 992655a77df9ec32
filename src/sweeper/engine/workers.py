"""The workers' processes as the driver sees them: what they use, and what they die of."""

from __future__ import annotations

import contextlib
import functools
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from sweeper.throttle import Throttle
from sweeper.trial import replace_text

__all__ = ["SIGN_NAME", "Workers", "kill_worker", "node_of", "sign_on", "signed_on"]

SIGN_NAME = "worker.json"
_SECONDS = 1.0


def sign_on(directory: Path, node: str = "") -> None:
    """Write down that this process works on the trial in ``directory``, on that node of Ray."""
    me = psutil.Process()
    noted = {"pid": me.pid, "began": me.create_time(), "machine": _machine(), "node": node}
    replace_text(directory / SIGN_NAME, json.dumps(noted))


def signed_on(directory: Path) -> dict[str, Any]:
    """What the worker on the trial wrote down; empty where there is nothing to be read."""
    try:
        found = json.loads((directory / SIGN_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def node_of(sign: Mapping[str, Any]) -> str:
    """The node of Ray whose worker has signed on, if that is not this machine; else empty."""
    return "" if sign.get("machine") == _machine() else str(sign.get("node", ""))


def kill_worker(sign: Mapping[str, Any]) -> None:
    """Kill the worker that signed on, and all below it, whatever it does; on this machine only."""
    process = _process(sign)
    if process is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        victims = [process, *process.children(recursive=True)]
        for victim in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()
        psutil.wait_procs(victims, timeout=10)


@dataclass(slots=True)
class _Sight:
    """A worker when it was last seen alive.

    Attributes:
        peak: the most memory that it was seen with, in bytes.
        kills: how often the kernel had killed for lack of memory by then.
    """

    process: psutil.Process
    peak: int = 0
    kills: int = 0


class Workers:
    """Looks after this machine's processes that work on trials, each known by its trial's folder.

    Of those on other nodes of a cluster it sees nothing, and says nothing.

    Args:
        memory_bytes: of the machine (default: as it is); each worker on it may use an equal share.
    """

    def __init__(self, memory_bytes: int | None = None) -> None:
        self._memory = memory_bytes or psutil.virtual_memory().total
        self._seen: dict[Path, _Sight] = {}
        self._throttle = Throttle(_SECONDS)

    @property
    def due(self) -> bool:
        """Whether it is time for another look."""
        return self._throttle.due

    def look(self, directories: Collection[Path]) -> None:
        """See how the workers on these trials are; once a second is often enough."""
        with self._throttle.turn():
            self._seen = {d: sight for d, sight in self._seen.items() if d in directories}
            for directory in directories:
                self._look_at(directory)

    def was_hungry(self, directory: Path) -> bool:
        """Whether the worker was seen with half of its share of the memory, or more.

        Where the memory ran out all the same, others on the machine have used it up.
        """
        sight = self._seen.get(directory)
        return sight is not None and sight.peak >= self._memory / len(self._seen) / 2

    def out_of_memory(self, directory: Path) -> str:
        """What to say where the kernel has killed the dead worker for its memory, else nothing.

        The kernel only counts its victims; that one fell since this worker was last seen alive,
        and this worker is dead, is the evidence.
        """
        sight = self._seen.pop(directory, None)
        if sight is None or _kernel_kills() <= sight.kills:
            return ""
        return f"out of memory: the kernel killed the worker, last seen with {sight.peak >> 20} MiB"

    def _look_at(self, directory: Path) -> None:
        kills = _kernel_kills()  # before the worker is looked at: a kill in between counts
        sight = self._seen.get(directory)
        if sight is None:
            process = _process(signed_on(directory))
            if process is None:
                return
            # it may be dead by now: what the kernel killed before is no evidence against it
            sight = self._seen[directory] = _Sight(process, kills=kills)
        with contextlib.suppress(psutil.NoSuchProcess):
            sight.peak = max(sight.peak, sight.process.memory_info().rss)
            if sight.process.status() != psutil.STATUS_ZOMBIE:
                sight.kills = kills


def _process(sign: Mapping[str, Any]) -> psutil.Process | None:
    """The living process of this machine that signed on; None where there is none."""
    if sign.get("machine") != _machine():
        return None
    try:
        process = psutil.Process(sign["pid"])
        # a pid is given again to strangers; its start time tells them apart
        is_it = process.create_time() == sign["began"] and process.pid != os.getpid()
        return process if is_it else None
    except (ValueError, LookupError, TypeError, psutil.NoSuchProcess):
        return None


@functools.cache
def _machine() -> str:
    """What tells one machine's process ids from another's; a container has its own."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot} {Path('/proc/self/ns/pid').readlink()}"


def _kernel_kills() -> int:
    """How often this machine's kernel has killed for lack of memory since it was started."""
    try:
        lines = Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
