"""``python -m benchmarks.pages``: sweeps of 300 and 2,000 trials, their table kept."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.overhead.report import machine
from benchmarks.pages.large import Timed, measure
from benchmarks.table import row, rule

_RESULTS = Path(__file__).with_name("results.md")


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--trials", type=int, nargs="+", default=[300, 2000])
    parser.add_argument("--results", type=Path, default=_RESULTS, help="file for the table")
    parser.add_argument("--pictures", type=Path, help="folder for a picture of each page")
    options = parser.parse_args()
    pictures = options.pictures and options.pictures.absolute()
    found = []
    for trials in options.trials:
        with tempfile.TemporaryDirectory(prefix="pages-") as folder:
            os.chdir(folder)  # MLflow puts artifacts into the working directory
            found.append(measure(trials, Path(folder), pictures))
            os.chdir("/")
        print(found[-1], flush=True)
    options.results.write_text(_render(found))


def _render(found: Sequence[Timed]) -> str:
    head = ["seconds by the clock", *(f"{timed.trials:,} trials" for timed in found)]
    rows = [[name, *(f"{t.seconds[name]:.1f}" for t in found)] for name in found[0].seconds]
    lines = [row(cells) for cells in (head, *rows)]
    lines.insert(1, rule(lines[0]))
    return "\n".join(["# The pages of a large sweep\n", f"{machine()}\n", *lines, ""])


if __name__ == "__main__":
    _main()
