"""The sweeps of one seed on one landscape, in a process of its own; what is done stays on disk."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter
from threadpoolctl import threadpool_limits

from benchmarks.region.drawn import DRAWN, drawn
from benchmarks.region.landscapes import ANALYTIC, Landscape, from_files
from benchmarks.region.score import Verdict, judge
from benchmarks.region.simulate import config_for, simulate
from sweeper.records import TrialRecord
from sweeper.region import find_region

__all__ = ["GOALS", "MATCHED", "Case", "Sweep", "Task", "start", "sweeps", "version"]

MATCHED = "best, more trials"
"""Plain TPE with as many more trials as the epochs buy that ``goal: region`` has spent."""

GOALS = ("best", "region", MATCHED)
_MOST = 4  # times the trials, where epochs end a sweep
_ROOT = Path(__file__).parents[2]
_DECIDE = ("src/sweeper/region", "src/sweeper/samplers", "src/sweeper/pruners", "benchmarks/region")
_KNOWN: dict[str, Path] = {}
_VERDICT = TypeAdapter(Verdict)


@dataclass(frozen=True)
class Case:
    """A sweep to simulate."""

    landscape: str
    trials: int
    goal: str
    seed: int


@dataclass(frozen=True)
class Task:
    """The cases of a seed: sweeps with one goal each, in the order of `GOALS`."""

    landscape: str
    trials: int
    seed: int
    goals: tuple[str, ...]


Sweep = tuple[Case, Verdict]


def version() -> str:
    """Of the code that decides how a sweep goes and how it is judged."""
    found = hashlib.sha256()
    for folder in _DECIDE:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()[:12]


def start(folder: Path, store: Path) -> None:
    """Begin a worker: polite, and with one processor for its matrices."""
    os.nice(5)
    threadpool_limits(1)
    _KNOWN.update(folder=folder, store=store)


def sweeps(task: Task) -> list[Sweep]:
    """Simulate the sweeps and judge their regions, those aside that were judged before."""
    return list(_sweeps(task))


def _sweeps(task: Task) -> Iterator[Sweep]:
    epochs = 0.0
    for goal in task.goals:
        case = Case(task.landscape, task.trials, goal, task.seed)
        path = _KNOWN["store"] / f"{case.landscape} {case.trials} {goal} {case.seed}.json"
        if path.exists():
            verdict = _VERDICT.validate_json(path.read_bytes())
        else:
            verdict = _judged(case, epochs)
            path.with_suffix(".part").write_bytes(_VERDICT.dump_json(verdict))
            path.with_suffix(".part").rename(path)
        epochs = verdict.epochs if goal == "region" else epochs
        yield case, verdict


def _judged(case: Case, epochs: float) -> Verdict:
    landscape = _landscape(case.landscape)
    if case.goal == MATCHED:
        config = config_for(landscape, _MOST * case.trials, case.seed, goal="best")
        most = round(epochs * landscape.epochs)
    else:
        config, most = config_for(landscape, case.trials, case.seed, goal=case.goal), None
    records: list[TrialRecord] = simulate(landscape, config, case.seed, most)
    began = time.process_time()
    region = find_region(records, config.objective, config.search_space)
    return judge(landscape, records, region, time.process_time() - began)


@cache
def _landscape(name: str) -> Landscape:
    if name in DRAWN:
        return drawn(DRAWN[name])
    known = [*(make() for make in ANALYTIC), *from_files(_KNOWN["folder"])]
    return next(landscape for landscape in known if landscape.name == name)
