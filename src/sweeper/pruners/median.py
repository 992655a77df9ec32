"""Ends trials that are below the median at their epoch."""

from __future__ import annotations

import optuna

from sweeper.pruners._options import (
    IntervalEpochs,
    NMinTrials,
    NStartupTrials,
    NWarmupEpochs,
    first_step,
)
from sweeper.pruners._percentile import Percentile

__all__ = ["median"]


def median(
    _epochs: int,
    /,
    *,
    n_startup_trials: NStartupTrials = 5,
    n_warmup_epochs: NWarmupEpochs = 0,
    interval_epochs: IntervalEpochs = 1,
    n_min_trials: NMinTrials = 1,
) -> optuna.pruners.BasePruner:
    """Compares a trial's best value so far with the finished trials' median at its epoch.

    The median stopping rule of Golovin et al. 2017 (Google Vizier, section 3.2.2), with values in
    place of their averages.
    """
    return Percentile(
        50.0,
        n_startup_trials=n_startup_trials,
        n_warmup_steps=first_step(n_warmup_epochs),
        interval_steps=interval_epochs,
        n_min_trials=n_min_trials,
    )
