"""Samplers of sweeps with several objectives.

Optuna's pruners and a study's best trial want one direction, so a sweep's study is of the first
objective, and a trial's values of the others are among its attributes (`FURTHER`).
The samplers that learn from trials are shown a study with all directions here. Those that do not
learn (random, qmc, grid) have nothing to be shown.

A finished trial has its values. One that was stopped early has the likely value of the first
objective (`sweeper.samplers`) and of the others what it had. An infeasible trial, or one of which
an objective is not known, has the worst value of all there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from optuna import Study
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from sweeper.optuna_members import FURTHER
from sweeper.pareto import is_on_front
from sweeper.samplers._told import View, broken, chosen, comparable
from sweeper.trial_index import index_of

if TYPE_CHECKING:
    from sweeper.config import Aim

__all__ = ["view_of"]

_MOST_OF_FRONT = 60
"""Trials of the front that are shown beside the others of a large sweep."""


def view_of(aims: Sequence[Aim]) -> Callable[..., View]:
    """How a sampler is shown a study that has all of ``aims``; empty where it has but one."""
    return partial(_ViewOfAll, aims=aims) if aims else View


class _ViewOfAll(View):
    """A study in all directions, those of ``aims``, whose ended trials have values in each."""

    def __init__(self, study: Study, aims: Sequence[Aim], **options: Any) -> None:
        super().__init__(study, **options)
        self._aims = aims
        self._first = self.direction
        self._directions = [StudyDirection[aim.direction.upper()] for aim in aims]

    @cached_property
    def _ended(self) -> dict[int, FrozenTrial]:
        if self._part is None:
            trials, speaking = Study._get_trials(self, deepcopy=False), None
        else:
            trials, speaking = self._part[0], {*self._part[1], *(t.number for t in self._shown)}
        ended = comparable(
            [*self._shown, *trials],
            self._first,
            constraints=self._constraints,
            speaking=speaking,
        )
        feasible = {t.number for t in (*self._shown, *trials) if not broken(t)}
        columns = [_column(ended, feasible, i, aim) for i, aim in enumerate(self._aims[1:])]
        return {
            trial.number: _with_values(trial, [trial.values[0], *further])
            for trial, *further in zip(ended, *columns, strict=True)
        }

    @cached_property
    def _part(self) -> tuple[list[FrozenTrial], set[int]] | None:
        index = index_of(self) if self._most else None
        if self._most is None or index is None or len(index.ended) <= self._most:
            return None
        trials, speaking = chosen(index, self._most, self._first)
        front = _front(index.finished, self._aims)
        found = {trial.number: trial for trial in (*trials, *front)}
        return [found[number] for number in sorted(found)], speaking


def _column(trials: Sequence[FrozenTrial], feasible: set[int], place: int, aim: Aim) -> list[float]:
    """The trials' values of one of the further objectives."""
    known = [_further(t, place) if t.number in feasible else None for t in trials]
    worst = min if aim.direction == "maximize" else max
    fallback = worst((value for value in known if value is not None), default=0.0)
    return [fallback if value is None else value for value in known]


def _further(trial: FrozenTrial, place: int) -> float | None:
    values: list[float | None] = trial.user_attrs.get(FURTHER, [])
    return values[place] if values else None


def _front(finished: Sequence[FrozenTrial], aims: Sequence[Aim]) -> list[FrozenTrial]:
    """The trials that no other one dominates; of many, some at even distances along the front."""
    known = [t for t in finished if None not in t.user_attrs.get(FURTHER, [None])]
    values = [[t.values[0], *t.user_attrs[FURTHER]] for t in known]
    on_front = is_on_front(values, [aim.direction for aim in aims])
    front = sorted((t for t, on in zip(known, on_front, strict=True) if on), key=_first_value)
    count = min(len(front), _MOST_OF_FRONT)
    return [front[i * len(front) // count] for i in range(count)]


def _first_value(trial: FrozenTrial) -> tuple[float, int]:
    return float(trial.values[0]), trial.number


def _with_values(trial: FrozenTrial, values: list[float]) -> FrozenTrial:
    copied = FrozenTrial.__new__(FrozenTrial)  # copy.copy takes ten times as long
    copied.__dict__.update(trial.__dict__)
    copied.values = values
    return copied
