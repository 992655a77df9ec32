"""A study's trials by what is asked of them again and again, kept up to date write by write.

Samplers and pruners of Optuna go through all trials for each proposal and each report, so that a
trial costs the more the more there are. A storage that has an `TrialIndex` as its attribute
``index`` spares those who know of it the search; it says nothing that the storage does not say.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from optuna import Study
from optuna.trial import FrozenTrial, TrialState

__all__ = ["RUNG", "TrialIndex", "index_of"]

RUNG = "completed_rung_"
"""How the system attributes begin in which successive halving keeps a trial's value at a rung."""

_LEARNED_FROM = (TrialState.COMPLETE, TrialState.PRUNED)
_NUMBER = attrgetter("number")


class TrialIndex:
    """Attributes:
    ended: finished and pruned trials by number.
    finished: the finished ones; only ever grows at its end.
    rungs: for each rung's attribute the trials that came to it with their values there; each list
        only ever grows at its end.
    """

    def __init__(self, trials: Iterable[FrozenTrial]) -> None:
        self.ended: list[FrozenTrial] = []
        self.finished: list[FrozenTrial] = []
        self.rungs: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        self._by_value: list[FrozenTrial] = []
        self._at_rungs: set[tuple[str, int]] = set()
        for trial in trials:
            for key, value in trial.system_attrs.items():
                self.add_attr(trial.number, key, value)
            self.add_ended(trial)

    def add_ended(self, trial: FrozenTrial) -> None:
        """Take in a trial that has ended; those that nobody learns from are left out."""
        if trial.state not in _LEARNED_FROM:
            return
        bisect.insort(self.ended, trial, key=_NUMBER)
        if trial.state == TrialState.COMPLETE:
            self.finished.append(trial)
            bisect.insort(self._by_value, trial, key=_value_and_number)

    def add_attr(self, number: int, key: str, value: Any) -> None:
        """Take in a system attribute of a trial."""
        if key.startswith(RUNG) and (key, number) not in self._at_rungs:
            self._at_rungs.add((key, number))
            self.rungs[key].append((number, value))

    def best(self, count: int, *, highest: bool) -> list[FrozenTrial]:
        """The ``count`` finished trials with the highest, or else the lowest, values."""
        return self._by_value[-count:] if highest else self._by_value[:count]


def index_of(study: Study) -> TrialIndex | None:
    """The index of the study's storage; None where it keeps none."""
    return getattr(study._storage, "index", None)


def _value_and_number(trial: FrozenTrial) -> tuple[float, int]:
    return float(trial.values[0]), trial.number
