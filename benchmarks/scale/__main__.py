"""``python -m benchmarks.scale``: a sweep grows, and what it costs at each size is measured."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.overhead.report import machine
from benchmarks.scale.reading import peak_bytes, ship, status_seconds, summary_seconds
from benchmarks.scale.replay import Cost, opened
from benchmarks.scale.report import reading_table, shipping_table, trial_table
from sweeper.ledger.paths import SweepPaths

_RESULTS = Path(__file__).with_name("results.md")


def _main() -> None:
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="scale-", dir=options.folder))
    paths = SweepPaths(folder / "scale")
    tables = [trial_table(_grow(paths, options.sizes, options.window))]
    peak = peak_bytes()
    status, summary = status_seconds(paths), summary_seconds(paths, folder)
    tables.append(reading_table(max(options.sizes), status, summary, peak, peak_bytes()))
    if options.ship:
        tables.append(shipping_table(ship(paths, folder), options.sizes))
    text = "\n".join(["# Cost against the number of trials\n", f"{machine()}\n", *tables])
    print(text)
    options.results.write_text(text)
    shutil.rmtree(folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10000])
    parser.add_argument("--window", type=int, default=50, help="trials that are measured at a size")
    parser.add_argument("--ship", action="store_true", help="also into MLflow: some 20 minutes")
    parser.add_argument(
        "--folder", type=Path, help="where the sweep is written; removed at the end"
    )
    parser.add_argument("--results", type=Path, default=_RESULTS, help="file for the tables")
    return parser.parse_args()


def _grow(paths: SweepPaths, sizes: Sequence[int], window: int) -> list[dict[str, Cost]]:
    """At each size, the cost with TPE and hyperband, and with the median rule."""
    found = []
    with opened(paths, 2 * max(sizes)) as replay:
        for size in sorted(sizes):
            # random proposals in between: what is measured is TPE among trials, not making them
            with replay.using("random", "hyperband"):
                replay.run(max(0, size - len(replay.ledger.history)))
            costs = {"tpe, hyperband": replay.cost(window)}
            with replay.using("random", "median"):
                costs["random, median"] = replay.cost(window)
            found.append(costs)
    return found


if __name__ == "__main__":
    _main()
