"""``python -m benchmarks.busy``: each stack in turn; the table and the figure are kept."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from benchmarks.busy.figure import draw
from benchmarks.busy.intervals import Busy, Epoch, busy, read
from benchmarks.overhead.report import machine
from benchmarks.overhead.rivals import add_rivals, rivals, versions
from benchmarks.overhead.stacks import STOCK, STOCK_COLD, SWEEPER, Load, Stack
from benchmarks.overhead.trivial import EPOCHS, NOTES, SECONDS
from benchmarks.table import row, rule

_HERE = Path(__file__)
_RESULTS = _HERE.with_name("results.md")
_FIGURE = _HERE.parents[2] / "docs" / "busy.png"
_BAR = 0.95
_HEAD = (
    "| stack | trials | training, share of worker time | the same between ramps "
    "| without training, between two epochs, ms | between two trials, ms | all, s |"
)


def _main() -> None:
    options = _options()
    found = {stack.name: _epochs(stack, options) for stack in _stacks(options)}
    measured = {name: busy(epochs, options.jobs) for name, epochs in found.items()}
    text = _render(measured, found, options)
    print(text)
    options.results.write_text(text)
    draw(found, measured, options.figure)
    share = measured[SWEEPER.name].whole
    if share < _BAR:
        raise SystemExit(f"sweeper's workers trained {share:.1%} of their time, not {_BAR:.0%}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.busy", description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--cold", type=int, help="trials of stock's default; else as all others")
    parser.add_argument("--jobs", type=int, default=2, help="trials at a time")
    parser.add_argument("--seconds", type=float, default=2.0, help="of a trial, in 10 epochs")
    parser.add_argument("--results", type=Path, default=_RESULTS, help="file for the table")
    parser.add_argument("--figure", type=Path, default=_FIGURE, help="file for the timeline")
    parser.add_argument("--only", nargs="+", metavar="STACK", help="of these names")
    add_rivals(parser)
    return parser.parse_args()


def _stacks(options: argparse.Namespace) -> list[Stack]:
    known = [SWEEPER, STOCK, STOCK_COLD, *rivals(options)]
    return [s for s in known if s is SWEEPER or not options.only or s.name in options.only]


def _epochs(stack: Stack, options: argparse.Namespace) -> list[Epoch]:
    """Run a stack; its folder goes away unless it fails."""
    print(f"{stack.name} ...", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="busy-"))
    notes = folder / "notes"
    notes.mkdir()
    pace = {SECONDS: str(options.seconds / EPOCHS), NOTES: str(notes)}
    trials = (stack is STOCK_COLD and options.cold) or options.trials
    stack.run(folder, Load(trials, options.jobs, EPOCHS, environment=pace))
    epochs = read(notes)
    print(f"  {busy(epochs, options.jobs)}", flush=True)
    shutil.rmtree(folder)
    return epochs


def _render(
    measured: dict[str, Busy], found: dict[str, list[Epoch]], options: argparse.Namespace
) -> str:
    trials = f"{options.seconds:g} s in {EPOCHS} epochs, {options.jobs} at a time"
    return "\n".join(
        [
            "# Busy workers\n",
            f"{machine()}\n",
            *filter(None, [versions(options)]),
            f"Trials of {trials}; none is stopped early.\n",
            _HEAD,
            rule(_HEAD),
            *(_row(name, each, len(found[name]) // EPOCHS) for name, each in measured.items()),
            "",
        ]
    )


def _row(name: str, found: Busy, trials: int) -> str:
    cells = (
        name,
        trials,
        f"**{found.whole:.1%}**",
        f"{found.steady:.1%}",
        f"{1e3 * found.between_epochs:.1f}",
        f"{1e3 * found.between_trials:.0f}",
        f"{found.seconds:.0f}",
    )
    return row(cells)


if __name__ == "__main__":
    _main()
