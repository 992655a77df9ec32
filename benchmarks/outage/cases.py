"""The same sweep with its tracking server up, away for a while, and never there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

import yaml
from mlflow import MlflowClient
from tests.server import Server, free_port, wait_until

from benchmarks.outage.steady import EPOCHS
from sweeper.ledger.files import entries
from sweeper.ledger.history import read_history
from sweeper.ledger.paths import SweepPaths

__all__ = ["CASES", "Counts", "Measured", "run"]

_REPOSITORY = Path(__file__).parents[2]
_NAME = "outage"
_PATIENCE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Counts:
    """What MLflow has: runs of trials, their metric points, and runs that it calls RUNNING."""

    runs: int
    points: int
    running: int

    def __str__(self) -> str:
        return f"{self.runs} / {self.points:,} / {self.running}"


@dataclass(frozen=True, slots=True)
class Measured:
    """One case.

    Attributes:
        training_seconds: from the first report of all to the last one.
        epoch_seconds: median time from one report of a trial to its next.
        session_seconds: the whole command.
        away_seconds: how long the server was not there while the command ran.
        at_exit: what MLflow had then; None where nobody could ask it.
        in_the_end: after the same command once more.
    """

    case: str
    training_seconds: float
    epoch_seconds: float
    session_seconds: float
    away_seconds: float
    at_exit: Counts | None
    in_the_end: Counts


UP, STOPPED, NEVER = "up", "stopped in the middle", "never there"
CASES = (UP, STOPPED, NEVER)


def run(case: str, folder: Path, trials: int, outage: float) -> Measured:
    """Run ``case`` in the empty ``folder``; the server is away for ``outage`` seconds at least.

    Raises:
        RuntimeError: a session failed.
    """
    _write_space(folder, trials)
    server = Server(folder, free_port())
    paths = SweepPaths(folder / "sweeps" / _NAME)
    try:
        if case != NEVER:
            server.start()
        began, away = time.monotonic(), 0.0
        session = _start(folder, server.uri)
        if case == STOPPED:
            wait_until(lambda: _epochs(paths) >= trials * EPOCHS // 5, _PATIENCE_SECONDS)
            away = _stop_for(server, outage)
        _finish(session, folder)
        seconds = time.monotonic() - began
        at_exit = None if case == NEVER else _count(server.uri)
        if case == NEVER:
            away = seconds
            server.start()
        _finish(_start(folder, server.uri), folder)
        in_the_end = _count(server.uri)
    finally:
        server.stop()
    training, gap = _times(paths)
    return Measured(case, training, gap, seconds, away, at_exit, in_the_end)


def _stop_for(server: Server, outage: float) -> float:
    began = time.monotonic()
    server.stop()
    time.sleep(outage)
    server.start()
    return time.monotonic() - began


def _times(paths: SweepPaths) -> tuple[float, float]:
    """Training seconds, and the median time between two reports of a trial, in seconds."""
    records = read_history(paths.history).records()
    times = [[report.time for report in record.reports] for record in records]
    gaps = [later - earlier for one in times for earlier, later in pairwise(one)]
    flat = [time for one in times for time in one]
    return max(flat) - min(flat), median(gaps)


def _write_space(folder: Path, trials: int) -> None:
    sweep = {
        "version": 1,
        "name": _NAME,
        "experiment": _NAME,
        "task": "benchmarks.outage.steady:task",
        "training": {"epochs": EPOCHS},
        "search_space": {"lr": {"type": "float", "low": 1e-5, "high": 1e-1, "log": True}},
        "objective": {"metric": "score", "direction": "maximize"},
        "sampler": {"name": "random"},
        "pruner": {"name": "none"},
        "budget": {"trials": trials},
        "resources": {"cpus": 2, "cpus_per_trial": 1, "concurrent": 2},
    }
    (folder / f"{_NAME}.yaml").write_text(yaml.safe_dump(sweep, sort_keys=False))


def _start(folder: Path, uri: str) -> subprocess.Popen[bytes]:
    command = [str(Path(sys.executable).with_name("sweeper")), "run", f"{_NAME}.yaml"]
    env = {**os.environ, "PYTHONPATH": str(_REPOSITORY), "MLFLOW_TRACKING_URI": uri}
    with (folder / "output.log").open("ab") as log:
        return subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)


def _finish(session: subprocess.Popen[bytes], folder: Path) -> None:
    if session.wait(_PATIENCE_SECONDS) != 0:
        raise RuntimeError(f"the sweep ended with {session.returncode}; see {folder}/output.log")


def _epochs(paths: SweepPaths) -> int:
    return sum(event["event"] == "epoch" for event in entries(paths.history))


def _count(uri: str) -> Counts:
    client = MlflowClient(uri)
    found = client.search_runs(
        [e.experiment_id for e in client.search_experiments()], max_results=5000
    )
    trials = [run for run in found if run.data.tags.get("sweeper.role") == "trial"]
    points = sum(
        len(client.get_metric_history(run.info.run_id, key))
        for run in trials
        for key in run.data.metrics
    )
    return Counts(len(trials), points, sum(run.info.status == "RUNNING" for run in found))
