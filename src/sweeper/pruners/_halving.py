"""Optuna's successive halving and hyperband, whose cost does not grow with the number of trials."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import optuna
from optuna.pruners._successive_halving import _get_current_rung
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from sweeper.pruners._table import SortedValues
from sweeper.trial_index import RUNG, TrialIndex, index_of

__all__ = ["Halving", "Hyperband"]


class Halving(optuna.pruners.SuccessiveHalvingPruner):
    """Decides as `optuna.pruners.SuccessiveHalvingPruner` does, by tables in place of all trials.

    Where the study's storage keeps no index it is that pruner. Reports are finite, so there is no
    NaN to deal with.

    Args:
        min_resource: steps up to the first rung.
        competes: whether a trial of this number is compared with the others here.
    """

    def __init__(
        self,
        min_resource: int,
        competes: Callable[[int], bool] = lambda _: True,
        **options: Any,
    ) -> None:
        super().__init__(min_resource, **options)
        self._first = min_resource
        self._competes = competes
        self._at_rung: dict[str, SortedValues[tuple[int, float]]] = {}

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        index = index_of(study)
        if index is None:
            return super().prune(study, trial)
        step, rung = trial.last_step, _get_current_rung(trial)
        while step is not None and step >= self._step_of(rung):
            value, key = trial.intermediate_values[step], f"{RUNG}{rung}"
            others = self._others(index, key)  # before it is one of them
            study._storage.set_trial_system_attr(trial._trial_id, key, value)
            if not self._goes_on(value, others, study.direction):
                return True
            rung += 1
        return False

    def _step_of(self, rung: int) -> int:
        exponent = self._min_early_stopping_rate + rung
        return int(self._first * self._reduction_factor**exponent)

    def _others(self, index: TrialIndex, key: str) -> Sequence[float]:
        return self._at_rung.setdefault(key, SortedValues(self._values)).of(index.rungs[key])

    def _values(self, entry: tuple[int, float]) -> Iterator[float]:
        number, value = entry
        if self._competes(number):
            yield value

    def _goes_on(self, value: float, others: Sequence[float], direction: StudyDirection) -> bool:
        """Whether it is among the best, itself counted; the only one until there are enough."""
        there = len(others) + 1
        if there <= self._bootstrap_count:
            return False
        places = max(1, there // self._reduction_factor)
        if direction == StudyDirection.MAXIMIZE:
            better = len(others) - bisect.bisect_right(others, value)
        else:
            better = bisect.bisect_left(others, value)
        return better < places


class Hyperband(optuna.pruners.HyperbandPruner):
    """`optuna.pruners.HyperbandPruner` with `Halving` in its brackets."""

    def __init__(self, min_resource: int, max_resource: int, **options: Any) -> None:
        super().__init__(min_resource, max_resource, **options)
        self._first = min_resource

    def _try_initialization(self, study: optuna.Study) -> None:
        super()._try_initialization(study)
        self._pruners = [
            Halving(
                self._first,
                self._members(study.study_name, bracket),
                reduction_factor=self._reduction_factor,
                min_early_stopping_rate=bracket,
                bootstrap_count=self._bootstrap_count,
            )
            for bracket in range(len(self._pruners))
        ]

    def _members(self, study_name: str, bracket: int) -> Callable[[int], bool]:
        """Whether a trial is in the bracket, which Optuna sees from the study's name as well."""
        named: Any = SimpleNamespace(study_name=study_name)

        def competes(number: int) -> bool:
            numbered: Any = SimpleNamespace(number=number)
            return self._get_bracket_id(named, numbered) == bracket

        return competes
