"""``python -m benchmarks.outage``: the three cases one after the other, their table kept."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.outage.cases import CASES, Counts, Measured, run
from benchmarks.outage.steady import EPOCH_SECONDS, EPOCHS, POINTS_PER_TRIAL
from benchmarks.overhead.report import machine
from benchmarks.table import row, rule

_RESULTS = Path(__file__).with_name("results.md")
_HEAD = (
    "| tracking server | away, s | training, s | ratio | one epoch, ms "
    "| whole session, s | at its exit | after the next session |"
)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outage", description=__doc__)
    parser.add_argument("--trials", type=int, default=40, help="2 at a time")
    parser.add_argument("--outage", type=float, default=60.0, help="seconds without a server")
    parser.add_argument("--results", type=Path, default=_RESULTS, help="file for the table")
    options = parser.parse_args()
    found = [_run(case, options) for case in CASES]
    wanted = Counts(options.trials, options.trials * POINTS_PER_TRIAL, 0)
    if wrong := [m.case for m in found if m.in_the_end != wanted]:
        raise SystemExit(f"MLflow must have {wanted} in the end, but not with: {', '.join(wrong)}")
    text = _render(found, options)
    print(text)
    options.results.write_text(text)


def _run(case: str, options: argparse.Namespace) -> Measured:
    """Run one case; its folder goes away unless it fails."""
    folder = Path(tempfile.mkdtemp(prefix="outage-"))
    found = run(case, folder, options.trials, options.outage)
    print(found, flush=True)
    shutil.rmtree(folder)
    return found


def _render(found: Sequence[Measured], options: argparse.Namespace) -> str:
    epochs = f"{EPOCHS} epochs of {EPOCH_SECONDS:g} s"
    return "\n".join(
        [
            "# Training while the tracking server is away\n",
            f"{machine()}\n",
            f"{options.trials} trials of {epochs}, 2 at a time; the columns on the right: runs of "
            "trials / metric points / runs left RUNNING in MLflow.\n",
            _HEAD,
            rule(_HEAD),
            *(_row(m, found[0]) for m in found),
            "",
        ]
    )


def _row(m: Measured, first: Measured) -> str:
    cells = (
        m.case,
        f"{m.away_seconds:.0f}",
        f"{m.training_seconds:.1f}",
        f"**{m.training_seconds / first.training_seconds:.3f}**",
        f"{1000 * m.epoch_seconds:.0f}",
        f"{m.session_seconds:.0f}",
        m.at_exit or "-",
        m.in_the_end,
    )
    return row(cells)


if __name__ == "__main__":
    _main()
