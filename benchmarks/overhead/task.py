"""The training as a task of sweeper's."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.overhead.trivial import train_epoch
from sweeper.records import EpochReport, Trial

__all__ = ["task"]


def task(trial: Trial, /) -> Iterator[EpochReport]:
    """An epoch needs none before it, so nothing is stored."""
    training = trial.config["training"]
    for epoch in range(trial.reported + 1, trial.epochs + 1):
        values = train_epoch(training["lr"], training["batch_size"], epoch)
        yield EpochReport(epoch, values, time.time())
