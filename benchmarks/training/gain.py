"""``python -m benchmarks.training.gain``: what a small DPRNN gains in how many CPU seconds.

Trains the first trial of search_spaces/voicebank_small.yaml, each seed in a process of its own, and
counts the CPU seconds of the whole process, with imports, reading, validation and checkpoints.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, pstdev

from benchmarks.overhead.report import machine

_HERE = Path(__file__).parent
_SPACE = _HERE.parents[1] / "search_spaces" / "voicebank_small.yaml"
_MANIFEST = _HERE.parents[2] / "shared" / "voicebank_mini" / "manifest.csv"


@dataclass(frozen=True, slots=True)
class Gain:
    """Of one seed: dB over the noisy input at the best and the last epoch, and CPU seconds."""

    seed: int
    best: float
    epoch: int
    last: float
    first_5_db: float | None
    cpu_seconds: float


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training.gain", description=__doc__)
    parser.add_argument("--data", type=Path, default=_MANIFEST, help="a manifest")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--results", type=Path, default=_HERE / "gain.md")
    parser.add_argument("--set", action="append", default=[], help="as of `sweeper run`")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    overrides = [f"data.path={options.data.resolve()}", *options.set]
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        found = [pool.apply(train, (seed, overrides)) for seed in options.seeds]
    text = _render(found)
    print(text)
    options.results.write_text(text)


def train(seed: int, overrides: Sequence[str]) -> Gain:
    """Train the first trial with ``seed``; in a fresh process, whose CPU time is counted."""
    import torch

    from sweeper.config import apply, load
    from sweeper.records import Trial
    from sweeper.tasks.enhancement import enhancement

    torch.set_num_threads(1)
    config = load(_SPACE, overrides)
    params = config.enqueue[0]
    objective = {"metric": "val_si_sdr", "direction": "maximize"}
    resolved = {**apply(config, params), "objective": objective}
    gains, reached = [], None
    with tempfile.TemporaryDirectory(prefix="benchmark-gain-") as folder:
        for report in enhancement(Trial(0, params, resolved, seed, Path(folder), config.epochs)):
            gains.append(report.metrics["val_si_sdr_improvement"])
            if reached is None and gains[-1] >= 5:
                reached = _cpu_seconds()
            line = f"seed {seed}, epoch {report.epoch}: {gains[-1]:.2f} dB, {_cpu_seconds():.0f} s"
            print(line, file=sys.stderr, flush=True)
    best = max(gains)
    return Gain(seed, best, gains.index(best) + 1, gains[-1], reached, _cpu_seconds())


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _render(found: Sequence[Gain]) -> str:
    best, seconds = [gain.best for gain in found], [gain.cpu_seconds for gain in found]
    return "\n".join(
        [
            "# A small DPRNN on a few minutes of speech\n",
            f"{machine()} One thread.\n",
            "| seed | best checkpoint, dB over noisy | its epoch | last epoch, dB "
            "| CPU s to the first 5 dB | CPU s in all |",
            "|--:|--:|--:|--:|--:|--:|",
            *(
                f"| {g.seed} | {g.best:.2f} | {g.epoch} | {g.last:.2f} "
                f"| {f'{g.first_5_db:.0f}' if g.first_5_db else '-'} | {g.cpu_seconds:.0f} |"
                for g in found
            ),
            "",
            f"Mean {mean(best):.2f} dB (standard deviation {pstdev(best):.2f}) in "
            f"{mean(seconds):.0f} CPU s ({min(seconds):.0f} to {max(seconds):.0f}).\n",
        ]
    )


if __name__ == "__main__":
    _main()
