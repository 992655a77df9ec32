"""``python -m benchmarks.overhead``: measure the stacks side by side, print and keep the tables."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from benchmarks.overhead.report import Slope, machine, render, render_cold
from benchmarks.overhead.rivals import add_rivals, rivals, versions
from benchmarks.overhead.stacks import STOCK, STOCK_COLD, SWEEPER, Case, Load, Stack
from benchmarks.overhead.trivial import EPOCHS

_RESULTS = Path(__file__).with_name("results.md")


def _main() -> None:
    options = _options()
    parts = ["# Overhead of a trial\n", f"{machine()}\n", versions(options)]
    parts += [_table(options, grace) for grace in options.grace]
    if options.cold:
        parts.append(render_cold(_run(STOCK_COLD, Load(options.cold, options.jobs, EPOCHS))))
    text = "\n".join(part for part in parts if part)
    print(text)
    options.results.write_text(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.add_argument("--low", type=int, default=100, help="trials of the small cases")
    parser.add_argument("--high", type=int, default=400, help="trials of the large cases")
    parser.add_argument("--jobs", type=int, default=2, help="trials at a time")
    parser.add_argument(
        "--grace",
        type=int,
        nargs="+",
        default=[EPOCHS],
        choices=range(1, EPOCHS + 1),
        help=f"a table for each: epochs before the pruner may stop a trial; {EPOCHS} stops none",
    )
    parser.add_argument(
        "--cold", type=int, default=0, help="also this many trials of stock without actor reuse"
    )
    add_rivals(parser)
    parser.add_argument("--results", type=Path, default=_RESULTS, help="file for the tables")
    options = parser.parse_args()
    if not 0 < options.low < options.high:
        parser.error("0 < --low < --high must hold")
    return options


def _table(options: argparse.Namespace, grace: int) -> str:
    """Small and large cases of the stacks in turns, so that a busy spell does not meet only one."""
    stacks = (STOCK, SWEEPER, *rivals(options))
    low, high = (Load(trials, options.jobs, grace) for trials in (options.low, options.high))
    small = [_run(stack, low) for stack in stacks]
    large = [_run(stack, high) for stack in stacks]
    slopes = [Slope(s.name, a, b) for s, a, b in zip(stacks, small, large, strict=True)]
    return render(slopes, ours=slopes[1])


def _run(stack: Stack, load: Load) -> Case:
    """Run one case; its folder goes away unless it fails."""
    print(f"{stack.name}, {load} ...", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="overhead-"))
    case = stack.run(folder, load)
    print(f"  {case.usage}", flush=True)
    shutil.rmtree(folder)
    return case


if __name__ == "__main__":
    _main()
