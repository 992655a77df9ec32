"""The stacks that are compared: how each is started in an empty folder, and what it left there."""

from __future__ import annotations

import csv
import io
import os
import sqlite3
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.overhead import ours
from benchmarks.overhead.meter import Usage, measure
from benchmarks.overhead.trivial import EPOCHS, OBJECTIVE

__all__ = [
    "STOCK",
    "STOCK_COLD",
    "SWEEPER",
    "Case",
    "Load",
    "Stack",
    "environment",
    "optuna_joblib",
    "syne_tune_local",
]

_REPOSITORY = Path(__file__).parents[2]
_TIMEOUT_SECONDS = 2 * 3600.0
_REPORTS_PER_RUN = """
    SELECT count(*) FROM metrics
    WHERE key = ? AND run_uuid NOT IN (SELECT value FROM tags WHERE key = 'mlflow.parentRunId')
    GROUP BY run_uuid
"""


@dataclass(frozen=True, slots=True)
class Load:
    """The work: ``trials``, ``jobs`` of them at a time, none stopped before epoch ``grace``.

    Attributes:
        environment: what `benchmarks.overhead.trivial` is told.
    """

    trials: int
    jobs: int
    grace: int
    seed: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One run of a stack, and what it has of it afterwards.

    Attributes:
        trials: those that it had; Syne Tune starts one more for each worker that is free.
        reports: of the objective, over all trials.
        stopped: trials with fewer than all epochs.
    """

    load: Load
    trials: int
    reports: int
    stopped: int
    usage: Usage


def _in_mlflow(folder: Path) -> list[int]:
    with sqlite3.connect(folder / "mlflow.db") as connection:
        return [count for (count,) in connection.execute(_REPORTS_PER_RUN, (OBJECTIVE,))]


@dataclass(frozen=True, slots=True)
class Stack:
    """A way to run a sweep.

    Attributes:
        prepare: readies the folder and gives the command.
        reports: of each trial, as the stack itself has them in its folder afterwards.
        exact: whether it has as many trials as it was told.
    """

    name: str
    prepare: Callable[[Path, Load], Sequence[str]]
    reports: Callable[[Path], list[int]] = _in_mlflow
    exact: bool = True

    def run(self, folder: Path, load: Load) -> Case:
        """Do ``load`` in the empty ``folder``, in processes of its own.

        Raises:
            RuntimeError: it failed, or lacks a trial afterwards or has a report twice.
        """
        command = self.prepare(folder, load)
        log, env = folder / "output.log", environment(folder, load)
        usage = measure(command, cwd=folder, env=env, log=log, timeout=_TIMEOUT_SECONDS)
        counts = self.reports(folder)
        most = load.trials + (0 if self.exact else load.jobs)
        whole = bool(counts) and load.grace <= min(counts) <= max(counts) <= EPOCHS
        if not (whole and load.trials <= len(counts) <= most):
            raise RuntimeError(f"{self.name}: {load}, but it has reports {counts}; see {log}")
        stopped = sum(count < EPOCHS for count in counts)
        return Case(load, len(counts), sum(counts), stopped, usage)


def environment(folder: Path, load: Load) -> dict[str, str]:
    """This process's, with the repository importable and every store in ``folder``.

    Ray shall not rebuild the environment for its workers when started below ``uv run``, not report
    its use, and not end workers when others fill the machine's memory.
    """
    env = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    settings = {
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_memory_monitor_refresh_ms": "0",
        "SYNETUNE_FOLDER": str(folder / "syne-tune"),
        "PYTHONPATH": os.pathsep.join([str(_REPOSITORY), str(_REPOSITORY / "src")]),
    }
    return {**env, **settings, **load.environment}


def _process(module: str, _: Path, load: Load, *more: str, python: str) -> list[str]:
    """A module of this folder as a process."""
    flags = {"trials": load.trials, "jobs": load.jobs, "grace": load.grace, "seed": load.seed}
    told = [f"--{name}={value}" for name, value in flags.items()]
    return [python, "-m", f"benchmarks.overhead.{module}", *told, *more]


def _stock(folder: Path, load: Load, *more: str) -> list[str]:
    return _process("stock", folder, load, *more, python=sys.executable)


def _sweeper(folder: Path, load: Load) -> list[str]:
    pruner = ours.halving(load.grace)
    return ours.command(folder, load.trials, load.jobs, load.seed, "tpe", pruner)


def _in_syne_tune(folder: Path) -> list[int]:
    """A line for each report in the table that Syne Tune writes."""
    (path,) = folder.glob("syne-tune/**/results.csv.zip")
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
        lines = csv.DictReader(io.TextIOWrapper(file))
        return list(Counter(line["trial_id"] for line in lines).values())


STOCK = Stack("stock, reuse_actors=True", lambda *work: _stock(*work, "--reuse-actors"))
STOCK_COLD = Stack("stock, its default", _stock)
SWEEPER = Stack("sweeper", _sweeper)


def optuna_joblib(python: str) -> Stack:
    """Optuna and joblib in the environment of ``python``."""
    return Stack(
        "Optuna, joblib, MLflowCallback", partial(_process, "optuna_joblib", python=python)
    )


def syne_tune_local(python: str) -> Stack:
    """Syne Tune in the environment of ``python``."""
    prepare = partial(_process, "syne_tune_local", python=python)
    return Stack("Syne Tune, no MLflow", prepare, _in_syne_tune, exact=False)
