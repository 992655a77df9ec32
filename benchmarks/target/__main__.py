"""``python -m benchmarks.target``: the stacks in turns, one seed after the other."""

from __future__ import annotations

import argparse
import json
import math
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.busy.intervals import read
from benchmarks.overhead import ours
from benchmarks.overhead.meter import measure
from benchmarks.overhead.report import machine
from benchmarks.overhead.stacks import STOCK, SWEEPER, Load, Stack, environment
from benchmarks.overhead.trivial import NOTES, RECORDING
from benchmarks.target.curves import DEFAULT, load
from benchmarks.target.report import render

_RESULTS = Path(__file__).with_name("results.md")
_TIMEOUT_SECONDS = 1800.0
_GRACE = 1  # epochs, the default of `ASHAScheduler` and of hyperband


def _sweeper(sampler: str, pruner: str) -> Stack:
    def prepare(folder: Path, load: Load) -> Sequence[str]:
        chosen = {"name": pruner}
        return ours.command(folder, load.trials, load.jobs, load.seed, sampler, chosen)

    return Stack(f"{SWEEPER.name}, {sampler} and {pruner}", prepare)


STACKS = (_sweeper("tpe", "hyperband"), _sweeper("random", "none"), STOCK)


@dataclass(frozen=True, slots=True)
class Reached:
    """One sweep.

    Attributes:
        seconds: from the command to the end of the epoch that reached the target; inf for never.
        training: the same from the begin of the first epoch.
        trained: what all workers had trained by then, in seconds.
    """

    seconds: float
    training: float
    trained: float


def _main() -> None:
    options = _options()
    recording = load(options.recording)
    target = recording.reached_by(options.share)
    print(f"target: {target:.3f} dB", flush=True)
    found: dict[str, list[Reached]] = {stack.name: [] for stack in STACKS}
    for seed in range(options.seeds):
        for stack in STACKS:
            found[stack.name].append(_once(stack, seed, target, options))
        text = render(machine(), found, target, options)
        options.results.write_text(text)
    print(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.target", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=100, help="at most")
    parser.add_argument("--jobs", type=int, default=2, help="trials at a time")
    parser.add_argument(
        "--share", type=float, default=0.025, help="of random configurations that reach the target"
    )
    parser.add_argument(
        "--recording", type=Path, default=DEFAULT, help="by benchmarks.target.record"
    )
    parser.add_argument("--keep", type=Path, help="file of sweeps that need not run again")
    parser.add_argument("--results", type=Path, default=_RESULTS, help="file for the table")
    options = parser.parse_args()
    if not options.recording.exists():
        parser.error(f"{options.recording}: python -m benchmarks.target.record writes it")
    return options


def _once(stack: Stack, seed: int, target: float, options: argparse.Namespace) -> Reached:
    """One sweep, or what is kept of it."""
    name = f"{stack.name}, seed {seed}, {options.trials} trials, {options.jobs} jobs, {target:.4f}"
    kept = {}
    if options.keep and options.keep.exists():
        kept = dict(json.loads(line) for line in options.keep.read_text().splitlines())
    if name in kept:
        return Reached(**kept[name])
    work = {RECORDING: str(options.recording)}
    reached = _run(stack, Load(options.trials, options.jobs, _GRACE, seed, work), target)
    print(f"{name}: {reached}", flush=True)
    if options.keep:
        with options.keep.open("a") as file:
            file.write(json.dumps([name, asdict(reached)]) + "\n")
    return reached


def _run(stack: Stack, load: Load, target: float) -> Reached:
    """One sweep until it reaches ``target``; its folder goes away unless it fails."""
    folder = Path(tempfile.mkdtemp(prefix="target-"))
    notes = folder / "notes"
    notes.mkdir()
    env = environment(folder, load) | {NOTES: str(notes)}
    command = stack.prepare(folder, load)
    began = time.monotonic()
    measure(
        command,
        cwd=folder,
        env=env,
        log=folder / "output.log",
        timeout=_TIMEOUT_SECONDS,
        enough=lambda: any(e.value >= target for e in read(notes)),
    )
    reached = _reached(notes, began, target)
    shutil.rmtree(folder)
    return reached


def _reached(notes: Path, began: float, target: float) -> Reached:
    epochs = read(notes)
    when = min((e.ended for e in epochs if e.value >= target), default=math.inf)
    trained = sum(e.ended - e.began for e in epochs if e.ended <= when)
    return Reached(when - began, when - epochs[0].began, trained)


if __name__ == "__main__":
    _main()
