"""No schedule: the learning rate stays."""

from __future__ import annotations

from torch import optim

from sweeper.schedules._schedule import EpochSchedule, Schedule

__all__ = ["none"]


def none(optimizer: optim.Optimizer, _epochs: int, /) -> Schedule:
    """The learning rate stays as it is."""
    return EpochSchedule(optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0))
