"""``python -m benchmarks.gpu``: on a machine with a GPU; a sweep one by one, and packed as planned.

It has not been run yet: no GPU was at hand when it was written. What it must show: the packed sweep
ends at least twice as many trials in an hour, and no trial of either runs out of memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.overhead.report import machine
from sweeper.ledger.history import read_history
from sweeper.ledger.paths import SweepPaths
from sweeper.sweep.preflight import FOLDER

_SPACE = Path(__file__).parents[2] / "search_spaces" / "dprnn.yaml"
_RESULTS = Path(__file__).with_name("results.md")


@dataclass(frozen=True, slots=True)
class Run:
    """A sweep that has ended.

    Attributes:
        seconds: by the clock, from its first trial's start to the last one's end.
        states: how many trials ended how.
        planned: the preflight's forecast, where there was one.
    """

    seconds: float
    states: Counter[str]
    planned: dict[str, float]

    @property
    def trials_per_hour(self) -> float:
        return 3600 * self.states.total() / self.seconds


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--space", type=Path, default=_SPACE)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        parser.error("PyTorch sees no GPU here")
    alone = _run(options.space, options.trials, "1")
    packed = _run(options.space, options.trials, "auto")
    text = _table(alone, packed)
    print(text)
    _RESULTS.write_text(text)
    if "out_of_memory" in alone.states or "out_of_memory" in packed.states:
        raise SystemExit("a trial ran out of memory")
    if packed.trials_per_hour < 2 * alone.trials_per_hour:
        raise SystemExit("packing does not give twice the trials per hour")


def _run(space: Path, trials: int, share: str) -> Run:
    """The same trials (seeded random search, none stopped early) with so much of a GPU each."""
    sets = {
        "resources.gpus": "1",
        "resources.gpus_per_trial": share,
        "budget.trials": str(trials),
        "sampler.name": "random",
        "pruner.name": "none",
    }
    flags = [part for key, value in sets.items() for part in ("--set", f"{key}={value}")]
    with tempfile.TemporaryDirectory() as folder:
        sweeper = str(Path(sys.executable).with_name("sweeper"))
        command = [sweeper, "run", str(space.absolute()), *flags]
        began = time.time()
        subprocess.run(command, cwd=folder, check=True)
        print(f"gpus_per_trial {share}: {time.time() - began:.0f} s with start-up and preflight")
        return _read(SweepPaths.one(None, Path(folder) / "sweeps"))


def _read(paths: SweepPaths) -> Run:
    records = read_history(paths.history).records()
    started = min(r.started for r in records if r.started is not None)
    ended = max(r.ended for r in records if r.ended is not None)
    kept = paths.root / FOLDER / "preflight.json"
    planned = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    return Run(ended - started, Counter(str(r.state) for r in records), planned)


def _table(alone: Run, packed: Run) -> str:
    device = torch.cuda.get_device_name()
    lines = [
        "# Packing on a GPU\n",
        f"{machine()} {device}, torch {torch.__version__}.\n",
        "| GPU of each trial | trials per hour | endings |",
        "|---|--:|---|",
    ]
    for what, run in (("1", alone), (str(packed.planned.get("gpus_per_trial")), packed)):
        endings = ", ".join(f"{count} {state}" for state, count in sorted(run.states.items()))
        lines.append(f"| {what} | {run.trials_per_hour:.1f} | {endings} |")
    ratio = packed.trials_per_hour / alone.trials_per_hour
    lines.append(f"\nPacked as the preflight plans, {ratio:.1f} times the trials per hour.\n")
    return "\n".join(lines)


if __name__ == "__main__":
    _main()
