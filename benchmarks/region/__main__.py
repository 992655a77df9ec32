"""``python -m benchmarks.region``: simulate sweeps, judge their regions, keep the tables."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from benchmarks.region.landscapes import ANALYTIC, Landscape, from_files
from benchmarks.region.report import Case, Sweep, render
from benchmarks.region.score import judge
from benchmarks.region.simulate import config_for, simulate
from sweeper.region import find_region

_FOLDER = Path(__file__).parents[2] / ".." / "shared" / "landscapes"
_RESULTS = Path(__file__).with_name("results.md")


def _main() -> None:
    options = _options()
    groups = _groups(options.folder, options.only)
    cases = [
        Case(name, trials, goal, seed)
        for trials in options.trials
        for name in (name for names in groups.values() for name in names)
        for goal in options.goals
        for seed in range(options.seeds)
    ]
    context = multiprocessing.get_context("spawn")
    with context.Pool(options.jobs, _start, (options.folder,)) as pool:
        sweeps = list(_told(pool.imap_unordered(_sweep, cases), len(cases)))
    sweeps.sort(key=lambda s: cases.index(s[0]))
    text = f"# Regions of simulated sweeps, {options.seeds} seeds each\n\n{render(sweeps, groups)}"
    print(text)
    options.results.write_text(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.region", description=__doc__)
    parser.add_argument("--trials", type=int, nargs="+", default=[60], help="budgets")
    parser.add_argument("--seeds", type=int, default=10, help="sweeps of each kind")
    parser.add_argument(
        "--goals", nargs="+", default=["best", "region"], choices=["best", "region"]
    )
    parser.add_argument("--jobs", type=int, default=2, help="sweeps at a time, one processor each")
    parser.add_argument("--only", default="", help="landscapes whose names have this in them")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="of *.npz landscapes")
    parser.add_argument("--results", type=Path, default=_RESULTS, help="file for the tables")
    return parser.parse_args()


def _groups(folder: Path, only: str) -> dict[str, list[str]]:
    """Names by group; the analytic ones are of every awkward kind, so each speaks for itself."""
    files = [landscape.name for landscape in from_files(folder)]
    analytic = [make().name for make in ANALYTIC]
    groups = {"Landscapes from files": files, "Analytic landscapes": analytic}
    return {group: [n for n in names if only in n] for group, names in groups.items()}


def _told(sweeps, total):  # type: ignore[no-untyped-def]
    start = time.monotonic()
    for done, sweep in enumerate(sweeps, start=1):
        if done % 20 == 0 or done == total:
            print(f"{done} of {total} sweeps, {time.monotonic() - start:.0f} s", flush=True)
        yield sweep


def _start(folder: Path) -> None:
    """A worker: one processor for its matrices."""
    from threadpoolctl import threadpool_limits

    os.nice(10)
    threadpool_limits(1)
    global _folder
    _folder = folder


_folder = _FOLDER


@cache
def _landscape(name: str) -> Landscape:
    known: Sequence[Landscape] = [*(make() for make in ANALYTIC), *from_files(_folder)]
    return next(landscape for landscape in known if landscape.name == name)


def _sweep(case: Case) -> Sweep:
    landscape = _landscape(case.landscape)
    config = config_for(landscape, case.trials, case.seed, goal=case.goal)
    records = simulate(landscape, config, case.seed)
    start = time.perf_counter()
    region = find_region(records, config.objective, config.search_space)
    return case, judge(landscape, records, region, time.perf_counter() - start)


if __name__ == "__main__":
    _main()
