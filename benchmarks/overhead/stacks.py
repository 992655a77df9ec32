"""The stacks that are compared: how each is started in an empty folder, and what it left there."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.overhead.meter import Usage, measure
from benchmarks.overhead.trivial import BATCH_SIZES, EPOCHS, LR, OBJECTIVE

__all__ = ["STOCK", "STOCK_COLD", "SWEEPER", "Case", "Load", "Stack"]

_REPOSITORY = Path(__file__).parents[2]
_STORE = "mlflow.db"
_TIMEOUT_SECONDS = 2 * 3600.0
_REPORTS_PER_RUN = """
    SELECT count(*) FROM metrics
    WHERE key = ? AND run_uuid NOT IN (SELECT value FROM tags WHERE key = 'mlflow.parentRunId')
    GROUP BY run_uuid
"""


@dataclass(frozen=True, slots=True)
class Load:
    """The work: ``trials``, ``jobs`` of them at a time, none stopped before epoch ``grace``."""

    trials: int
    jobs: int
    grace: int


@dataclass(frozen=True, slots=True)
class Case:
    """One run of a stack, and what MLflow has of it afterwards.

    Attributes:
        reports: of the objective, over all trials.
        stopped: trials with fewer than all epochs.
    """

    load: Load
    reports: int
    stopped: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class Stack:
    """A way to run a sweep; ``prepare`` readies the folder and gives the command."""

    name: str
    prepare: Callable[[Path, Load], Sequence[str]]

    def run(self, folder: Path, load: Load) -> Case:
        """Do ``load`` in the empty ``folder``, in processes of its own.

        Raises:
            RuntimeError: it failed, or MLflow lacks a trial or has a report twice.
        """
        command = self.prepare(folder, load)
        log = folder / "output.log"
        usage = measure(command, cwd=folder, env=_environment(), log=log, timeout=_TIMEOUT_SECONDS)
        counts = _reports_per_run(folder / _STORE)
        if len(counts) != load.trials or not load.grace <= min(counts) <= max(counts) <= EPOCHS:
            raise RuntimeError(f"{self.name}: {load}, but MLflow has reports {counts}; see {log}")
        return Case(load, sum(counts), sum(count < EPOCHS for count in counts), usage)


def _environment() -> dict[str, str]:
    """This process's, with the repository importable and MLflow's own default store.

    Ray shall not rebuild the environment for its workers when started below ``uv run``, not report
    its use, and not end workers when others fill the machine's memory.
    """
    env = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    ray = {
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_memory_monitor_refresh_ms": "0",
    }
    path = os.pathsep.join([str(_REPOSITORY), str(_REPOSITORY / "src")])
    return env | ray | {"PYTHONPATH": path}


def _reports_per_run(store: Path) -> list[int]:
    with sqlite3.connect(store) as connection:
        return [count for (count,) in connection.execute(_REPORTS_PER_RUN, (OBJECTIVE,))]


def _stock(_: Path, load: Load) -> list[str]:
    flags = ("--trials", load.trials, "--jobs", load.jobs, "--grace", load.grace)
    return [sys.executable, "-m", "benchmarks.overhead.stock", *map(str, flags)]


def _stock_warm(folder: Path, load: Load) -> list[str]:
    return [*_stock(folder, load), "--reuse-actors"]


def _sweeper(folder: Path, load: Load) -> list[str]:
    low, high = LR
    sweep = {
        "version": 1,
        "name": "overhead",
        "experiment": "overhead",
        "task": "benchmarks.overhead.trivial:task",
        "training": {"epochs": EPOCHS},
        "search_space": {
            "lr": {"type": "float", "low": low, "high": high, "log": True},
            "batch_size": {"type": "categorical", "choices": list(BATCH_SIZES)},
        },
        "objective": {"metric": OBJECTIVE, "direction": "maximize"},
        "sampler": {"name": "tpe"},
        "pruner": {
            "name": "successive_halving",  # ASHA, with the factor that is ASHAScheduler's default
            "min_epochs": load.grace,
            "reduction_factor": 4,
        },
        "budget": {"trials": load.trials},
        "resources": {"cpus": load.jobs, "cpus_per_trial": 1, "concurrent": load.jobs},
    }
    file = folder / "overhead.yaml"
    file.write_text(yaml.safe_dump(sweep, sort_keys=False))
    return [str(Path(sys.executable).with_name("sweeper")), "run", file.name]


STOCK = Stack("stock, reuse_actors=True", _stock_warm)
STOCK_COLD = Stack("stock, its default", _stock)
SWEEPER = Stack("sweeper", _sweeper)
