"""Optuna's percentile pruner, whose cost does not grow with the number of trials."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import optuna
from optuna.pruners._percentile import _is_first_in_interval_step
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from sweeper.pruners._table import SortedValues, quantile
from sweeper.trial_index import TrialIndex, index_of

__all__ = ["Percentile"]


class Percentile(optuna.pruners.PercentilePruner):
    """Decides as `optuna.pruners.PercentilePruner` does, by tables in place of all trials.

    Where the study's storage keeps no index it is that pruner. Reports are finite, so there is no
    NaN to deal with.
    """

    def __init__(self, percentile: float, **options: Any) -> None:
        super().__init__(percentile, **options)
        self._at_step: dict[int, SortedValues[FrozenTrial]] = {}

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        index = index_of(study)
        if index is None:
            return super().prune(study, trial)
        step = trial.last_step
        if step is None or not self._judges(index, trial, step):
            return False
        table = self._at_step.setdefault(step, SortedValues(partial(_at, step=step)))
        others = table.of(index.finished)
        if len(others) < self._n_min_trials or not others:
            return False
        if study.direction == StudyDirection.MAXIMIZE:
            limit = quantile(others, (100 - self._percentile) / 100)
            return bool(max(trial.intermediate_values.values()) < limit)
        limit = quantile(others, self._percentile / 100)
        return bool(min(trial.intermediate_values.values()) > limit)

    def _judges(self, index: TrialIndex, trial: FrozenTrial, step: int) -> bool:
        enough = len(index.finished) >= max(1, self._n_startup_trials)
        return (
            enough
            and step >= self._n_warmup_steps
            and _is_first_in_interval_step(
                step, trial.intermediate_values.keys(), self._n_warmup_steps, self._interval_steps
            )
        )


def _at(trial: FrozenTrial, step: int) -> Iterator[float]:
    if step in trial.intermediate_values:
        yield trial.intermediate_values[step]
