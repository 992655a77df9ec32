"""A sweep that something happens to: started, hit, started again, and looked at in the end."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from chaos import tasks
from shop import Shop
from sweeper.ledger.files import entries
from sweeper.ledger.paths import SweepPaths
from sweeper.records import TrialState

PATIENCE = 240.0
_POLL = 0.03


class Arena(Shop):
    """A folder with one sweep; all its processes are known by a variable of their environment.

    Attributes:
        settings: what the command has besides the file.
        met: for each fault, the trials that were running when it came.
        restarts: when a session began after a fault, or when a fault came that needs none.
    """

    def __init__(self, folder: Path, random: random.Random) -> None:
        super().__init__(folder)
        self.random = random
        # short: Ray's sockets lie below it
        self.scratch = Path(tempfile.mkdtemp(prefix="chaos-", dir="/tmp"))
        self.notes = self.scratch / "epochs"
        self.notes.touch()
        self.variables = {"TMPDIR": str(self.scratch), tasks.NOTES: str(self.notes)}
        self.settings: tuple[str, ...] = ()
        self.met: list[set[int]] = []
        self.restarts: list[float] = []

    @property
    def paths(self) -> SweepPaths:
        return SweepPaths(self.folder / "sweeps" / "toy")

    @property
    def store(self) -> str:
        """MLflow's default store."""
        return f"sqlite:///{self.folder}/mlflow.db"

    def go(self) -> subprocess.Popen[str]:
        """Start the one command there is."""
        self.restarts.append(time.time())
        with (self.scratch / "said").open("a") as said:
            return self.start("run", "toy.yaml", *self.settings, output=said)

    def said(self) -> str:
        return (self.scratch / "said").read_text()

    def finish(self) -> float:
        """Run the command to its end; the seconds that it took."""
        began = time.monotonic()
        process = self.go()
        process.wait(PATIENCE)
        assert process.returncode == 0, self.said()[-3000:]
        return time.monotonic() - began

    def until(self, condition: Callable[[], Any], process: subprocess.Popen[str]) -> bool:
        """Wait for ``condition``; False where the process ended first."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if process.poll() is not None:
                return False
            assert time.monotonic() < end, f"nothing in {PATIENCE:g} s: {self.said()[-3000:]}"
            time.sleep(_POLL)
        return process.poll() is None

    def begun(self) -> list[tuple[int, int, int]]:
        """Trial, epoch and pid of each epoch that was begun, in order."""
        lines = self.notes.read_text().splitlines()
        return [tuple(map(int, line.split())) for line in lines]  # type: ignore[misc]

    def count(self, kind: str) -> int:
        """How many events of this kind the history has."""
        return sum(event["event"] == kind for event in entries(self.paths.history))

    def running(self) -> set[int]:
        return {r.number for r in self.records() if r.state is TrialState.RUNNING}

    def processes(self) -> list[psutil.Process]:
        """All that live and were started from here, whatever became of their parents."""
        found = []
        for process in psutil.process_iter():
            try:
                mine = process.environ().get("TMPDIR") == str(self.scratch)
                if mine and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def named(self, name: str) -> list[psutil.Process]:
        """The processes of the sweep whose program is called ``name``."""
        found = []
        for process in self.processes():
            try:
                if process.name().startswith(name) or process.cmdline()[0].endswith(name):
                    found.append(process)
            except (psutil.Error, IndexError):
                continue
        return found

    def kill_driver(self, process: subprocess.Popen[str], *, with_ray: bool) -> None:
        """As the kernel would; with Ray, as a machine that loses its power."""
        process.kill()
        if with_ray:
            for other in self.processes():
                other.kill()
        process.wait(PATIENCE)
        self.met.append(self.running())

    def kill(self, victim: psutil.Process, met: set[int]) -> None:
        """Kill a process of the sweep, for which the session itself must make up."""
        victim.kill()
        self.met.append(met)
        self.restarts.append(time.time())

    def recovery_seconds(self) -> float:
        """The longest time from a restart until the next event that tells of progress."""
        times = [
            event["time"]
            for event in entries(self.paths.history)
            if event["event"] in ("epoch", "end", "session_end")
        ]
        after = [min((t - r for t in times if t >= r), default=None) for r in self.restarts]
        return max((seconds for seconds in after if seconds is not None), default=0.0)

    def leftovers(self) -> list[psutil.Process]:
        """Processes that still live some seconds after the command's end."""
        end = time.monotonic() + 5.0
        while (found := self.processes()) and time.monotonic() < end:
            time.sleep(0.2)
        return found

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for other in self.processes():
            other.kill()
        shutil.rmtree(self.scratch, ignore_errors=True)
