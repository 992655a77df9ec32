"""The learning rate shrinks by a constant factor every few epochs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import optim

from sweeper.schedules._schedule import EpochSchedule, Schedule

__all__ = ["exponential"]


def exponential(
    optimizer: optim.Optimizer,
    _epochs: int,
    /,
    *,
    factor: Annotated[
        float, Field(gt=0, le=1, description="the learning rate is multiplied by this")
    ] = 0.98,
    every: Annotated[int, Field(gt=0, description="epochs between two multiplications")] = 2,
) -> Schedule:
    """Multiply the learning rate by ``factor`` every ``every`` epochs.

    The defaults are those of DPRNN (Luo, Chen, Yoshioka 2020, arXiv:1910.06379, section 3.2).
    """
    return EpochSchedule(optim.lr_scheduler.StepLR(optimizer, step_size=every, gamma=factor))
