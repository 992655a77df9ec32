"""The learning rate shrinks when the validation loss has stopped falling."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import optim

__all__ = ["plateau"]


def plateau(
    optimizer: optim.Optimizer,
    _epochs: int,
    /,
    *,
    factor: Annotated[
        float, Field(gt=0, lt=1, description="the learning rate is multiplied by this")
    ] = 0.5,
    patience: Annotated[
        int, Field(ge=0, description="epochs in a row without a new best that are let pass")
    ] = 3,
    min_lr: Annotated[float, Field(ge=0, description="the learning rate never falls below")] = 0.0,
) -> optim.lr_scheduler.ReduceLROnPlateau:
    """Multiply the learning rate by ``factor`` after more than ``patience`` epochs without a best.

    Any fall of the validation loss is a new best: torch's relative threshold would take a small
    rise of a negative loss (negated SI-SDR) for an improvement.
    """
    return optim.lr_scheduler.ReduceLROnPlateau(
        optimizer,
        mode="min",
        factor=factor,
        patience=patience,
        threshold=0.0,
        threshold_mode="abs",
        min_lr=min_lr,
    )
