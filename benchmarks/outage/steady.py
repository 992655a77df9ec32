"""A training whose epochs take a fixed time, so that every wait beside it shows."""

from __future__ import annotations

import time
from collections.abc import Iterator

from sweeper.records import EpochReport, Trial

__all__ = ["EPOCHS", "EPOCH_SECONDS", "POINTS_PER_TRIAL", "task"]

EPOCHS = 10
EPOCH_SECONDS = 0.5
_STEPS = 5
# loss of each step, two metrics of each epoch, best value and best epoch
POINTS_PER_TRIAL = EPOCHS * (_STEPS + 2) + 2


def task(trial: Trial, /) -> Iterator[EpochReport]:
    """Leaves the processor idle, as a training on a GPU does."""
    for epoch in range(trial.reported + 1, trial.epochs + 1):
        time.sleep(EPOCH_SECONDS)
        score = epoch * float(trial.params["lr"])
        steps = {_STEPS * (epoch - 1) + k: 1.0 / k for k in range(1, _STEPS + 1)}
        yield EpochReport(epoch, {"score": score, "train_loss": -score}, time.time(), steps)
