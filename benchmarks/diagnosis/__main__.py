"""``python -m benchmarks.diagnosis``: train with known causes, diagnose, write the confusion table.

The diagnosis and the causes were settled on the seeds below 640; the table is of others.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch

from benchmarks.diagnosis.causes import Curve, make_curves
from benchmarks.diagnosis.report import render

_RESULTS = Path(__file__).parents[2] / "docs" / "diagnosis.md"


def _main() -> None:
    options = _options()
    seeds = range(options.first, options.first + options.seeds)
    curves: list[Curve] = []
    with ProcessPoolExecutor(
        options.jobs, initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        for found in pool.map(make_curves, seeds):
            curves += found
            print(f"{len(curves)} curves", flush=True)
    text = render(curves, seeds)
    print(text)
    options.results.write_text(text, encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosis", description=__doc__)
    parser.add_argument("--first", type=int, default=700, help="first seed")
    parser.add_argument("--seeds", type=int, default=40, help="how many, with six curves each")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--results", type=Path, default=_RESULTS, help="file for the table")
    return parser.parse_args()


if __name__ == "__main__":
    _main()
