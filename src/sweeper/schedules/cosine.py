"""The learning rate rises in a warm-up and then falls along half a cosine."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field
from torch import optim

from sweeper.schedules._schedule import EpochSchedule, Schedule

__all__ = ["cosine"]


def cosine(
    optimizer: optim.Optimizer,
    epochs: int,
    /,
    *,
    warmup_epochs: Annotated[
        int, Field(ge=0, description="epochs over which the learning rate rises to its full value")
    ] = 0,
    floor: Annotated[
        float, Field(ge=0, le=1, description="the cosine ends at this share of the learning rate")
    ] = 0.0,
) -> Schedule:
    """Cosine annealing without restarts (Loshchilov, Hutter 2017, arXiv:1608.03983).

    The rate is a function of the epoch's number alone. ``floor`` would be reached one epoch after
    the last, so that the last epoch still trains.

    Raises:
        ValueError: the warm-up leaves no epoch for the cosine.
    """
    if warmup_epochs >= epochs:
        raise ValueError(
            "cosine: warmup_epochs < epochs must hold, "
            f"but got (warmup_epochs={warmup_epochs}, epochs={epochs})"
        )

    def share(finished: int) -> float:
        if finished < warmup_epochs:
            return (finished + 1) / (warmup_epochs + 1)
        progress = min(1.0, (finished - warmup_epochs) / (epochs - warmup_epochs))
        return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress))

    return EpochSchedule(optim.lr_scheduler.LambdaLR(optimizer, share))
