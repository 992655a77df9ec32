"""``python -m benchmarks.training``: training steps of sweeper's models and of others, in turns."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.overhead.report import machine
from benchmarks.table import row, rule
from sweeper.data.batches import Batches
from sweeper.datasets.demo import demo
from sweeper.training.heap import LARGE_PAGES
from sweeper.training.members import build

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_RATE = 16000
_DPRNN = {"name": "dprnn", "kernel_size": 16, "chunk": 100}
_PAPER = {**_DPRNN, "n_filters": 64, "bottleneck": 64, "hidden": 128, "layers": 6}
_SMALL = {**_DPRNN, "n_filters": 32, "bottleneck": 32, "hidden": 32, "layers": 2}
_RIVAL = {"dprnn": "asteroid", "wave_unet": "port"}
_SAME_OUTPUT = 1e-5
_SAME_LOSS = 0.05  # dB, in the mean; rounding grows from step to step


@dataclass(frozen=True, slots=True)
class Case:
    """What is trained: batches of ``batch`` segments of ``frames`` samples."""

    name: str
    model: Mapping[str, Any]
    batch: int
    frames: int
    steps: int
    lr: float

    @property
    def sides(self) -> tuple[str, ...]:
        extra = ("matched",) if self.model["name"] == "dprnn" else ()
        return ("sweeper", "plain", _RIVAL[self.model["name"]], *extra)


def _wave_unet(levels: int) -> Case:
    model = {"name": "wave_unet", "levels": levels, "channels": 24}
    return Case(f"Wave-U-Net, {levels} levels", model, 4, 16385, 6, 1e-4)


CASES = (
    Case("DPRNN of the paper, kernel 16", _PAPER, 2, _RATE, 4, 1e-3),
    Case("small DPRNN", _SMALL, 4, _RATE, 10, 1e-3),
    _wave_unet(9),
    _wave_unet(12),
)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--asteroid", type=Path, help="a Python that has asteroid, same PyTorch")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side")
    parser.add_argument("--only", default="", help="cases whose names contain this")
    parser.add_argument("--results", type=Path, default=_HERE / "results.md")
    options = parser.parse_args()
    cases = [case for case in CASES if options.only in case.name]
    if options.asteroid is None:
        cases = [case for case in cases if "asteroid" not in case.sides]
    found = [_measure(case, options) for case in cases]
    text = _render(found)
    print(text)
    options.results.write_text(text)
    if broken := [problem for measured in found for problem in measured.problems()]:
        raise SystemExit("\n".join(broken))


@dataclass(frozen=True, slots=True)
class Measured:
    """What the sides gave, by side.

    Attributes:
        parameters: trainable numbers in the model.
        seconds: CPU seconds of each round.
        losses: of every step, in dB.
        outputs: the estimate of the first batch by the initial weights.
    """

    case: Case
    parameters: int
    seconds: Mapping[str, Sequence[float]]
    losses: Mapping[str, Sequence[float]]
    outputs: Mapping[str, torch.Tensor]

    def speed(self, side: str) -> float:
        """Audio-seconds per CPU second, the median of the rounds."""
        audio = self.case.steps * self.case.batch * self.case.frames / _RATE
        return audio / median(self.seconds[side])

    def ratios(self, side: str, rival: str) -> list[float]:
        """How many times as fast ``side`` was, round by round."""
        pairs = zip(self.seconds[side], self.seconds[rival], strict=True)
        return sorted(theirs / ours for ours, theirs in pairs)

    @property
    def rival(self) -> str:
        return _RIVAL[self.case.model["name"]]

    @property
    def twin(self) -> str:
        """The side of sweeper's that must give the rival's numbers."""
        return "matched" if "matched" in self.outputs else "plain"

    def apart(self, side: str) -> float:
        """Mean difference of the losses to the rival's, in dB."""
        pairs = zip(self.losses[side], self.losses[self.rival], strict=True)
        return sum(abs(a - b) for a, b in pairs) / len(self.losses[side])

    @property
    def output_error(self) -> float:
        difference = self.outputs[self.twin] - self.outputs[self.rival]
        return difference.abs().max().item()

    def problems(self) -> list[str]:
        """What does not hold of what the benchmark claims."""
        name, ratios = self.case.name, self.ratios("sweeper", self.rival)
        rules = (
            (self.output_error <= _SAME_OUTPUT, f"outputs differ by {self.output_error:.1e}"),
            (self.apart(self.twin) <= _SAME_LOSS, f"losses differ by {self.apart(self.twin):.3f}"),
            (median(ratios) >= 1.3, f"only {median(ratios):.2f} times as fast"),
            (ratios[0] >= 1, f"slower in a round: {ratios[0]:.2f}"),
        )
        return [f"{name}: {message}" for holds, message in rules if not holds]


def _measure(case: Case, options: argparse.Namespace) -> Measured:
    with tempfile.TemporaryDirectory(prefix="benchmark-training-") as name, ExitStack() as stack:
        folder = Path(name)
        parameters = _prepare(case, folder)
        sides = {side: _start(side, case, folder, options.asteroid) for side in case.sides}
        for process in sides.values():
            stack.callback(process.wait)
            stack.callback(process.stdin.close)
            if process.stdout.readline() != "ready\n":
                raise SystemExit(f"{case.name}: a side could not be started")
        answers: dict[str, list[Any]] = {side: [] for side in sides}
        for turn in range(options.rounds + 1):
            for side, process in sides.items():
                answers[side].append(_order(process, case.steps))
            print(case.name, turn, {s: round(a[-1]["seconds"], 2) for s, a in answers.items()})
        outputs = {side: torch.load(folder / f"{side}.pt") for side in sides}
    # the first turn warms up
    seconds = {side: [a["seconds"] for a in given[1:]] for side, given in answers.items()}
    losses = {side: [x for a in given for x in a["losses"]] for side, given in answers.items()}
    return Measured(case, parameters, seconds, losses, outputs)


def _prepare(case: Case, folder: Path) -> int:
    """Write what all sides start from; the number of parameters."""
    torch.manual_seed(0)
    model = build("models", case.model)
    torch.save(model.state_dict(), folder / "weights.pt")
    batches = Batches(demo(), case.batch, case.frames / _RATE, seed=0)
    torch.save(list(batches.epoch(1)), folder / "batches.pt")
    return sum(p.numel() for p in model.parameters())


def _start(side: str, case: Case, folder: Path, asteroid: Path | None) -> Any:
    python = str(asteroid) if side == "asteroid" else sys.executable
    path = str(_HERE) if side == "asteroid" else os.pathsep.join([str(_ROOT / "src"), str(_ROOT)])
    command = [python, str(_HERE / "worker.py"), side, str(folder)]
    pages = LARGE_PAGES if side == "sweeper" else {}
    return subprocess.Popen(
        [*command, json.dumps(dataclasses.asdict(case))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path, **pages},
    )


def _order(process: Any, steps: int) -> Any:
    process.stdin.write(f"{steps}\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


_HEAD = (
    "| model | parameters | batch | other: audio-s per CPU s | sweeper | **times as fast** "
    "(lowest, highest round) | its model in a plain loop | outputs differ by at most "
    "| losses differ by, dB | ... as shipped |"
)


def _render(found: Sequence[Measured]) -> str:
    return "\n".join(
        [
            "# Training steps side by side\n",
            f"{machine()} One thread, float32.\n",
            "The other is asteroid's DPRNNTasNet or a plain port of Wave-U-Net; sides take turns, "
            "and each starts from the same weights and sees the same batches. sweeper has model, "
            "loop, optimizer and memory (kept from step to step, in large pages) as in the worker "
            "of a trial; in a plain loop its model has the other's loop, optimizer and memory.\n",
            _HEAD,
            rule(_HEAD),
            *(_row(measured) for measured in found),
            "",
        ]
    )


def _row(measured: Measured) -> str:
    case, ratios = measured.case, measured.ratios("sweeper", measured.rival)
    plain = measured.ratios("plain", measured.rival)
    cells = (
        case.name,
        f"{measured.parameters / 1e6:.2f} M",
        f"{case.batch} x {case.frames / _RATE:.2f} s",
        f"{measured.speed(measured.rival):.2f} ({measured.rival})",
        f"{measured.speed('sweeper'):.2f}",
        f"**{median(ratios):.2f}** ({ratios[0]:.2f}, {ratios[-1]:.2f})",
        f"{median(plain):.2f}",
        f"{measured.output_error:.0e}",
        f"{measured.apart(measured.twin):.4f}",
        f"{measured.apart('sweeper'):.4f}",
    )
    return row(cells)


if __name__ == "__main__":
    _main()
