"""Sweeps as a user runs them: the real program in a folder of its own, with Ray and MLflow."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

import toy
from sweeper.ledger.history import read_history
from sweeper.ledger.paths import SweepPaths
from sweeper.records import TrialRecord

_TESTS = Path(toy.__file__).parent
_WAIT_SECONDS = 240.0

WHOLE = ("-m", "sweeper")

UNDRAWN = (
    "-c",
    """
import sweeper.plots
from sweeper.charts import Chart
from sweeper.cli import main
sweeper.plots.draw = lambda name, *_: Chart(name, ())
main()
""",
)
"""The program, but that there is nothing to draw: figures are half of a small sweep's work."""

HASTY = (
    "-c",
    """
import sweeper.engine.conductor as conductor
conductor._GRACE_SECONDS = 1.0
from sweeper.cli import main
main()
""",
)
"""The program, but that a trial hangs a second after its deadline and not half a minute."""


@dataclass
class Runs:
    """What MLflow holds of a sweep, read with its own client."""

    parents: list[Any]
    children: list[Any]
    histories: dict[int, dict[str, list[tuple[int, float]]]]

    client: Any

    def files(self, run: Any) -> set[str]:
        """Names of the files and folders among the run's artifacts."""
        return {file.path for file in self.client.list_artifacts(run.info.run_id)}

    def states(self) -> dict[int, str]:
        return {
            int(r.data.tags["sweeper.trial"]): r.data.tags["sweeper.state"] for r in self.children
        }


@dataclass
class Shop:
    """A folder in which sweeps run."""

    folder: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    program: tuple[str, ...] = WHOLE

    def space(self, task: str, **options: Any) -> Path:
        return toy.write_space(self.folder, task, **options)

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a program that is started here."""
        found = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
        found.pop("SWEEPER_NOTIFY", None)  # whoever that is, tests are none of their business
        paths = [str(_TESTS), os.environ.get("PYTHONPATH", "")]
        found["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        # each start would compile all of its imports anew
        found.pop("PYTHONDONTWRITEBYTECODE", None)
        return found | self.variables

    def start(self, *words: str, output: int | IO[str] = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start the program in a process group of its own."""
        process = subprocess.Popen(
            [sys.executable, *self.program, *words],
            cwd=self.folder,
            env=self.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def run(self, *words: str) -> tuple[int, str]:
        """Run the program to its end: exit code and all that it said."""
        process = self.start(*words)
        said, _ = process.communicate(timeout=_WAIT_SECONDS)
        return process.returncode, said

    def records(self, name: str = "toy") -> list[TrialRecord]:
        return read_history(SweepPaths(self.folder / "sweeps" / name).history).records()

    def wait_for(self, what: Callable[[list[TrialRecord]], bool], name: str = "toy") -> None:
        """Wait until the trials are ``what`` is asked for."""
        end = time.monotonic() + _WAIT_SECONDS
        while not what(self.records(name)):
            assert time.monotonic() < end, self.records(name)
            time.sleep(0.05)

    def runs(self) -> Runs:
        from mlflow import MlflowClient

        default = f"sqlite:///{self.folder}/mlflow.db"
        client = MlflowClient(self.variables.get("MLFLOW_TRACKING_URI", default))
        experiments = [e.experiment_id for e in client.search_experiments()]
        found = list(client.search_runs(experiments, max_results=1000))
        by_role = {
            role: [r for r in found if r.data.tags["sweeper.role"] == role]
            for role in ("parent", "trial")
        }
        histories = {
            int(r.data.tags["sweeper.trial"]): {
                key: [(m.step, m.value) for m in client.get_metric_history(r.info.run_id, key)]
                for key in r.data.metrics
            }
            for r in by_role["trial"]
        }
        return Runs(by_role["parent"], by_role["trial"], histories, client)

    def agrees(self, name: str = "toy") -> Runs:
        """Check that MLflow says of every trial what the ledger says, and each thing once."""
        runs, records = self.runs(), self.records(name)
        assert len(runs.parents) == 1
        assert runs.states() == {r.number: r.state.value for r in records}
        assert len(runs.children) == len(records)
        parent = runs.parents[0].info.run_id
        assert {r.data.tags["mlflow.parentRunId"] for r in runs.children} == {parent}
        assert all(r.info.status != "RUNNING" for r in [*runs.children, *runs.parents])
        for record in records:
            reported = [(e.epoch, e.metrics["train_loss"]) for e in record.reports]
            assert runs.histories[record.number].get("train_loss_epoch", []) == reported
        return runs

    def leftovers(self) -> list[psutil.Process]:
        """Ray processes that know this folder or were started from here and still live."""
        groups = {p.pid for p in self.started}
        found = []
        for process in psutil.process_iter(["pid", "cmdline"]):
            try:
                if os.getsid(process.pid) in groups and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (ProcessLookupError, psutil.NoSuchProcess):
                continue
        return found

    def close(self) -> None:
        """End all that was started here and still lives."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        for process in self.leftovers():
            process.kill()


def ended(records: list[TrialRecord]) -> int:
    return sum(r.state.ended for r in records)


def all_ended(records: list[TrialRecord], total: int) -> bool:
    return len(records) == total and all(r.state.ended for r in records)
