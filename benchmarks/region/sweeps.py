"""One case in a process of its own."""

from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks.region.landscapes import ANALYTIC, Landscape, from_files
from benchmarks.region.report import Case, Sweep
from benchmarks.region.score import judge
from benchmarks.region.simulate import config_for, simulate
from sweeper.region import find_region

__all__ = ["start", "sweep"]

_KNOWN: dict[str, Path] = {}


def start(folder: Path) -> None:
    """Begin a worker: polite, and with one processor for its matrices."""
    os.nice(10)
    threadpool_limits(1)
    _KNOWN["folder"] = folder


def sweep(case: Case) -> Sweep:
    """Simulate the sweep and judge its region."""
    landscape = _landscape(case.landscape)
    config = config_for(landscape, case.trials, case.seed, goal=case.goal)
    records = simulate(landscape, config, case.seed)
    began = time.process_time()
    region = find_region(records, config.objective, config.search_space)
    return case, judge(landscape, records, region, time.process_time() - began)


@cache
def _landscape(name: str) -> Landscape:
    known = [*(make() for make in ANALYTIC), *from_files(_KNOWN["folder"])]
    return next(landscape for landscape in known if landscape.name == name)
