"""``python -m benchmarks.region``: simulate sweeps, judge their regions, keep the tables."""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.region.drawn import DRAWN
from benchmarks.region.landscapes import ANALYTIC, from_files
from benchmarks.region.report import render
from benchmarks.region.sweeps import GOALS, Sweep, Task, start, sweeps, version

_ROOT = Path(__file__).parents[2]
_FOLDER = _ROOT / ".." / "shared" / "landscapes"
_RESULTS = Path(__file__).with_name("results.md")
_STORE = Path.home() / ".cache" / "sweeper-benchmarks"
_TRIALS, _SEEDS = 60, 10  # of landscapes that are not from files: budget, and sweeps at most
_DRAWN, _AWKWARD, _FLAT = "Drawn landscapes", "Awkward landscapes", "Nothing to find"
_EVERY = 60.0  # seconds between two versions of the tables


def _main() -> None:
    options = _options()
    groups = _groups(options.folder)
    tasks = list(_tasks(options, groups))
    store = options.store / version()
    store.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    done: list[Sweep] = []
    written = time.monotonic()
    with context.Pool(options.jobs, start, (options.folder, store)) as pool:
        for found in _told(pool.imap(sweeps, tasks), len(tasks)):
            done += found
            if time.monotonic() - written > _EVERY:
                options.results.write_text(render(done, groups))
                written = time.monotonic()
    text = render(done, groups)
    print(text)
    options.results.write_text(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.region", description=__doc__)
    parser.add_argument("--trials", type=int, nargs="+", default=[60, 30, 120], help="budgets")
    parser.add_argument("--seeds", type=int, default=20, help="sweeps of each kind from files")
    parser.add_argument("--flat", type=int, default=100, help="sweeps where there is nothing")
    parser.add_argument("--goals", nargs="+", default=GOALS, choices=GOALS)
    parser.add_argument("--jobs", type=int, default=2, help="sweeps at a time, one processor each")
    parser.add_argument("--only", default="", help="landscapes whose names have this in them")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="of *.npz landscapes")
    parser.add_argument("--store", type=Path, default=_STORE, help="folder for what is done")
    parser.add_argument("--results", type=Path, default=_RESULTS, help="file for the tables")
    return parser.parse_args()


def _groups(folder: Path) -> dict[str, list[str]]:
    """Names by group; of the awkward ones each speaks for itself."""
    known = [make() for make in ANALYTIC]
    return {
        "Landscapes from files": [landscape.name for landscape in from_files(folder)],
        _DRAWN: list(DRAWN),
        _AWKWARD: [landscape.name for landscape in known if landscape.clear is not False],
        _FLAT: [landscape.name for landscape in known if landscape.clear is False],
    }


def _tasks(options: argparse.Namespace, groups: Mapping[str, Sequence[str]]) -> Iterator[Task]:
    """Seed after seed, so that tables of a part are honest; the other groups at 60 trials alone."""
    for task in _all_tasks(options, groups):
        if options.only in task.landscape:
            yield task


def _all_tasks(options: argparse.Namespace, groups: Mapping[str, Sequence[str]]) -> Iterator[Task]:
    goals = tuple(goal for goal in GOALS if goal in options.goals)
    files, drawn, awkward, flat = groups.values()
    for seed in range(max(options.seeds, options.flat)):
        if seed < options.seeds:
            for trials in options.trials:
                yield from (Task(name, trials, seed, goals) for name in files)
        if seed < (seeds := min(options.seeds, _SEEDS)):
            yield from (Task(name, _TRIALS, seed, goals) for name in awkward)
            yield from (Task(name, _TRIALS, seed, goals) for name in drawn[seed::seeds])
        for index, name in enumerate(flat):
            if seed * len(flat) + index < options.flat:
                yield Task(name, _TRIALS, seed, ("best",))


def _told(found: Iterable[list[Sweep]], total: int) -> Iterator[list[Sweep]]:
    began = time.monotonic()
    for done, more in enumerate(found, start=1):
        if done % 20 == 0 or done == total:
            print(f"{done} of {total} tasks, {time.monotonic() - began:.0f} s", flush=True)
        yield more


if __name__ == "__main__":
    _main()
