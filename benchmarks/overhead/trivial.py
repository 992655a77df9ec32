"""A trial that costs nothing: what is left to measure is the stack around it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

from sweeper.records import EpochReport, Trial

__all__ = ["BATCH_SIZES", "EPOCHS", "LR", "OBJECTIVE", "metrics", "task"]

EPOCHS = 10
OBJECTIVE = "val_si_sdr"
LR = (1.0e-5, 1.0e-1)
BATCH_SIZES = (2, 4, 8, 16)


def metrics(lr: float, batch_size: int, epoch: int) -> dict[str, float]:
    """A learning curve whose end depends on ``lr``; the best lr grows with the batch size."""
    off = math.log10(lr) + 3.5 - 0.3 * math.log2(batch_size)
    val_si_sdr = 10.0 * (1.0 - math.exp(-epoch / 3.0)) - 2.0 * off**2
    return {"train_loss": -val_si_sdr - 1.0, "val_loss": -val_si_sdr, OBJECTIVE: val_si_sdr}


def task(trial: Trial, /) -> Iterator[EpochReport]:
    """The task of sweeper's side. An epoch needs none before it, so nothing is stored."""
    training = trial.config["training"]
    for epoch in range(trial.reported + 1, trial.epochs + 1):
        values = metrics(training["lr"], training["batch_size"], epoch)
        yield EpochReport(epoch, values, time.time())
