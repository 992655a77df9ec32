"""``python -m benchmarks.region``: simulate sweeps, judge their regions, keep the tables."""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.region.landscapes import ANALYTIC, from_files
from benchmarks.region.report import Case, Sweep, render
from benchmarks.region.sweeps import start, sweep

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
    with context.Pool(options.jobs, start, (options.folder,)) as pool:
        sweeps = list(_told(pool.imap_unordered(sweep, cases), len(cases)))
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


def _told(sweeps: Iterable[Sweep], total: int) -> Iterator[Sweep]:
    began = time.monotonic()
    for done, found in enumerate(sweeps, start=1):
        if done % 20 == 0 or done == total:
            print(f"{done} of {total} sweeps, {time.monotonic() - began:.0f} s", flush=True)
        yield found


if __name__ == "__main__":
    _main()
