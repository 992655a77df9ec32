"""``python -m benchmarks.scale.memory``: what a real driver holds, Ray and Tune included.

A sweep of trials without work grows, and the driver's resident memory is read at each tenth of it.
From the second half, when everything has been imported, comes what a further trial adds.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

from benchmarks.overhead import ours
from benchmarks.overhead.report import machine
from benchmarks.overhead.stacks import Load, environment
from benchmarks.overhead.trivial import EPOCHS

_RESULTS = Path(__file__).with_name("memory.md")
_FULL = 10_000
_LOOK_SECONDS = 0.2


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.memory", description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--results", type=Path, default=_RESULTS, help="file for the table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        seen = list(_run(Path(folder), options.trials))
    text = _table(seen)
    print(text)
    options.results.write_text(text)


def _run(folder: Path, trials: int) -> Iterator[tuple[int, float]]:
    """Trials that have ended, and MB of the driver then."""
    load = Load(trials, jobs=2, grace=1)
    command = ours.command(folder, trials, load.jobs, load.seed, "tpe", {"name": "hyperband"})
    env = environment(folder, load)
    with (folder / "output.log").open("wb") as log:
        driver = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
    next_at = trials // 10
    history = _Ends(folder / "sweeps" / ours.NAME / "history.jsonl")
    while driver.poll() is None:
        if (ended := history.count()) >= next_at:
            yield ended, psutil.Process(driver.pid).memory_info().rss / 1e6
            print(ended, flush=True)
            next_at = ended + trials // 10
        time.sleep(_LOOK_SECONDS)
    if driver.returncode:
        raise RuntimeError(f"sweeper ended with {driver.returncode}")


class _Ends:
    """Counts the trials that have ended, in a file that grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = self._count = 0

    def count(self) -> int:
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._offset)
                new = file.read()
            self._offset += len(new)
            self._count += new.count(b'{"event":"end"')
        return self._count


def _table(seen: list[tuple[int, float]]) -> str:
    late = np.array(seen[len(seen) // 2 :])
    slope, at_none = np.polyfit(late[:, 0], late[:, 1], 1)
    lines = [
        "# Memory of the driver, Ray and Tune included\n",
        f"{machine()}\n",
        "| trials that have ended | MB |",
        "|--:|--:|",
        *(f"| {ended:,} | {mb:,.0f} |" for ended, mb in seen),
        f"\nA further trial of {EPOCHS} reports adds {1000 * slope:.0f} kB; that makes "
        f"**{at_none + slope * _FULL:,.0f} MB** at {_FULL:,} trials, before the summary.\n",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    _main()
