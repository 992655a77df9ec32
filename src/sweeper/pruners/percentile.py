"""Ends trials that are not among the best so many percent at their epoch."""

from __future__ import annotations

from typing import Annotated

import optuna
from pydantic import Field

from sweeper.pruners._options import (
    IntervalEpochs,
    NMinTrials,
    NStartupTrials,
    NWarmupEpochs,
    first_step,
)
from sweeper.pruners._percentile import Percentile

__all__ = ["percentile"]


def percentile(
    _epochs: int,
    /,
    *,
    percentile: Annotated[
        float, Field(ge=0, le=100, description="the best so many percent of the trials go on")
    ] = 25.0,
    n_startup_trials: NStartupTrials = 5,
    n_warmup_epochs: NWarmupEpochs = 0,
    interval_epochs: IntervalEpochs = 1,
    n_min_trials: NMinTrials = 1,
) -> optuna.pruners.BasePruner:
    """Compares a trial's best value so far with the finished trials' values at its epoch."""
    return Percentile(
        percentile,
        n_startup_trials=n_startup_trials,
        n_warmup_steps=first_step(n_warmup_epochs),
        interval_steps=interval_epochs,
        n_min_trials=n_min_trials,
    )
