"""A training that costs nothing, for every stack alike: what is left to measure is the stack.

It needs Python alone, since rivals run it in environments of their own. The environment of a
process can give the epochs a length, and note when they were: then `train_epoch` sleeps, and so
leaves the processor idle as a training on a GPU does.
"""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path

from benchmarks.target.curves import load

__all__ = [
    "BATCH_SIZES",
    "EPOCHS",
    "LR",
    "NOTES",
    "OBJECTIVE",
    "RECORDING",
    "SECONDS",
    "train_epoch",
]

EPOCHS = 10
OBJECTIVE = "val_si_sdr"
LR = (1.0e-5, 1.0e-1)
BATCH_SIZES = (2, 4, 8, 16)

NOTES = "BENCHMARK_NOTES"
"""A folder: each process that trains writes a file there, a line for each epoch."""
SECONDS = "BENCHMARK_EPOCH_SECONDS"
RECORDING = "BENCHMARK_RECORDING"
"""A file of `benchmarks.target.record`: epochs give what they gave there, and take as long."""


def train_epoch(lr: float, batch_size: int, epoch: int) -> dict[str, float]:
    """The metrics after an epoch, from 1."""
    if recording := os.environ.get(RECORDING):
        value, seconds = load(Path(recording)).epoch(lr, batch_size, epoch)
    else:
        value, seconds = _curve(lr, batch_size, epoch), float(os.environ.get(SECONDS, "0"))
    if seconds:
        _spend(seconds, epoch, value)
    return {"train_loss": -value - 1.0, "val_loss": -value, OBJECTIVE: value}


def _curve(lr: float, batch_size: int, epoch: int) -> float:
    """A learning curve whose end depends on ``lr``; the best lr grows with the batch size."""
    off = math.log10(lr) + 3.5 - 0.3 * math.log2(batch_size)
    return 10.0 * (1.0 - math.exp(-epoch / 3.0)) - 2.0 * off**2


def _spend(seconds: float, epoch: int, value: float) -> None:
    began = time.monotonic()
    time.sleep(seconds)
    note = {"epoch": epoch, "began": began, "ended": time.monotonic(), "value": value}
    with (Path(os.environ[NOTES]) / f"{os.getpid()}.jsonl").open("a") as file:
        file.write(json.dumps(note) + "\n")
