"""Ends trials that leave a range."""

from __future__ import annotations

from typing import Annotated

import optuna
from pydantic import Field

from sweeper.pruners._options import IntervalEpochs, NWarmupEpochs, first_step

__all__ = ["threshold"]


def threshold(
    _epochs: int,
    /,
    *,
    lower: Annotated[float | None, Field(description="a smaller value ends the trial")] = None,
    upper: Annotated[float | None, Field(description="a larger value ends the trial")] = None,
    n_warmup_epochs: NWarmupEpochs = 0,
    interval_epochs: IntervalEpochs = 1,
) -> optuna.pruners.BasePruner:
    """Compares the last value with fixed limits, in the units of the objective.

    Raises:
        ValueError: neither limit is given, or they exclude each other.
    """
    if lower is None and upper is None:
        raise ValueError("give lower, upper or both")
    if lower is not None and upper is not None and lower > upper:
        raise ValueError(f"lower <= upper must hold, but got lower: {lower}, upper: {upper}")
    return optuna.pruners.ThresholdPruner(
        lower=lower,
        upper=upper,
        n_warmup_steps=first_step(n_warmup_epochs),
        interval_steps=interval_epochs,
    )
