"""What ended trials look like to samplers that learn from finished ones.

GP, CMA-ES and NSGA-II overlook every trial that is not COMPLETE, and TPE takes any finished trial
for better than every pruned one. They are shown instead

- a pruned trial as COMPLETE, with the value it would have ended with had it gone on to gain what
  finished trials gained from that epoch on (their median), never better than the best of those;
- an infeasible one as COMPLETE, with the worst value of all and with a broken constraint for those
  who understand it. A pruned trial that never reported has the worst value as well.

Of a large sweep, samplers whose proposals get dearer with each trial are shown a part: the best
finished trials, and of all that ended as many as there is room for, evenly spread from the first to
the last (`chosen`).

None of this is stored: the study says what happened.
"""

from __future__ import annotations

import copy
import statistics
from collections.abc import Callable, Collection, Container, Iterable, Sequence
from functools import cache, cached_property
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from sweeper.trial_index import TrialIndex, index_of

__all__ = ["EXHAUSTED", "Informed", "broken", "chosen", "comparable"]

EXHAUSTED = "sweeper:exhausted"  # set in a study whose sampler has nothing more to propose
_OTHERS = 1_000_000_000  # no sweep has a trial of this number
_BEST_SHARE = 0.2  # of the trials that are shown of a large sweep
_CONSTRAINT = "constraints"  # as Optuna names it among a trial's system attributes
_FEASIBLE = f"{_CONSTRAINT}:feasible"  # the only one that a sweep's own trials have


def broken(trial: FrozenTrial) -> bool:
    """Whether ``trial`` has ended infeasible."""
    # `trial.constraints` takes many times as long, for each trial and each proposal
    return bool(trial.system_attrs.get(_FEASIBLE, 0.0) > 0)


def chosen(
    index: TrialIndex, most: int, direction: StudyDirection
) -> tuple[list[FrozenTrial], set[int]]:
    """At most ``most`` of the trials that have ended, by number, and which of them speak for all.

    The best finished ones have a fifth of the places. The others are those at even distances among
    all that have ended, whatever their endings, so that they have these in the same proportions.
    It depends on the trials alone, so that a resumed sweep chooses the same.
    """
    best_count = round(_BEST_SHARE * most)
    places, ended = most - best_count, index.ended
    spread = [ended[i * len(ended) // places] for i in range(places)]
    best = index.best(best_count, highest=direction == StudyDirection.MAXIMIZE)
    found = {trial.number: trial for trial in (*best, *spread)}
    return [found[number] for number in sorted(found)], {trial.number for trial in spread}


def comparable(
    trials: Iterable[FrozenTrial],
    direction: StudyDirection,
    *,
    constraints: bool,
    speaking: Collection[int] | None = None,
) -> list[FrozenTrial]:
    """Copies of the finished and pruned ones of ``trials``, all COMPLETE and with a value.

    Args:
        speaking: numbers of those whose gains pruned trials may hope for; None for all.
    """
    ended = [t for t in trials if t.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    infeasible = {t.number for t in ended if broken(t)}
    values = _values([t for t in ended if t.number not in infeasible], direction, speaking)
    worst = min if direction == StudyDirection.MAXIMIZE else max
    fallback = worst(values.values(), default=0.0)
    marks = {t.number: 1.0 if t.number in infeasible else -1.0 for t in ended}
    return [
        _completed(
            trial,
            values.get(trial.number, fallback),
            marks[trial.number] if constraints and infeasible else None,
        )
        for trial in ended
    ]


def _completed(trial: FrozenTrial, value: float, constraint: float | None) -> FrozenTrial:
    if (
        constraint is None
        and trial.state == TrialState.COMPLETE
        and _FEASIBLE not in trial.system_attrs
    ):
        return trial
    # copy.copy takes ten times as long, for each trial and each proposal
    copied = FrozenTrial.__new__(FrozenTrial)
    copied.__dict__.update(trial.__dict__)
    copied.state = TrialState.COMPLETE
    copied.values = [value]
    copied.system_attrs = _without_constraints(trial)
    if constraint is not None:
        copied.system_attrs[_FEASIBLE] = constraint
    return copied


def _without_constraints(trial: FrozenTrial) -> dict[str, Any]:
    return {k: v for k, v in trial.system_attrs.items() if not k.startswith(_CONSTRAINT)}


def _values(
    feasible: Sequence[FrozenTrial],
    direction: StudyDirection,
    speaking: Collection[int] | None = None,
) -> dict[int, float]:
    """By number: the value of the finished, the likely one of the pruned that have reported."""
    best, worst = (max, min) if direction == StudyDirection.MAXIMIZE else (min, max)
    finished = [t for t in feasible if t.state == TrialState.COMPLETE]
    values = {t.number: float(t.values[0]) for t in finished}
    limit = best(values.values(), default=None)
    heard = [t for t in finished if speaking is None or t.number in speaking]

    def reached(trial: FrozenTrial, step: int) -> float:
        return float(best(v for s, v in trial.intermediate_values.items() if s <= step))

    @cache
    def gain(step: int) -> float:
        peers = [t for t in heard if step in t.intermediate_values]
        return statistics.median([values[t.number] - reached(t, step) for t in peers] or [0.0])

    for trial in feasible:
        if trial.state == TrialState.PRUNED and trial.last_step is not None:
            likely = reached(trial, trial.last_step) + gain(trial.last_step)
            values[trial.number] = likely if limit is None else worst(likely, limit)
    return values


class View(Study):
    """A study whose ended trials are comparable; taken for one proposal, so they are kept.

    Args:
        but: leave out the trial of this number: what it has of a proposal that a kill cut in two
            is not to be taken for another running trial.
        shown: trials of other sweeps, before those of this one.
        most: show no more than so many trials of this sweep that have ended; None for all.
    """

    def __init__(
        self,
        study: Study,
        *,
        constraints: bool,
        but: int | None = None,
        shown: Sequence[FrozenTrial] = (),
        most: int | None = None,
    ) -> None:
        super().__init__(study.study_name, study._storage, study.sampler, study.pruner)
        self._constraints = constraints
        self._but = but
        self._shown = shown
        self._most = most
        self._by_states: dict[tuple[TrialState, ...], list[FrozenTrial]] = {}

    @cached_property
    def _ended(self) -> dict[int, FrozenTrial]:
        if self._part is None:
            trials, speaking = super()._get_trials(deepcopy=False), None
        else:
            trials, speaking = self._part[0], {*self._part[1], *(t.number for t in self._shown)}
        ended = comparable(
            [*self._shown, *trials],
            self.direction,
            constraints=self._constraints,
            speaking=speaking,
        )
        return {trial.number: trial for trial in ended}

    @cached_property
    def _part(self) -> tuple[list[FrozenTrial], set[int]] | None:
        """The trials that are shown of a large sweep; None where all are."""
        index = index_of(self) if self._most else None
        if self._most is None or index is None or len(index.ended) <= self._most:
            return None
        return chosen(index, self._most, self.direction)

    def _get_trials(
        self,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
        use_cache: bool = False,
    ) -> list[FrozenTrial]:
        wanted = self._in(tuple(s for s in TrialState if states is None or s in states))
        return copy.deepcopy(wanted) if deepcopy else list(wanted)

    def _in(self, states: tuple[TrialState, ...]) -> list[FrozenTrial]:
        if states not in self._by_states:
            self._by_states[states] = [trial for trial in self._all if trial.state in states]
        return self._by_states[states]

    @cached_property
    def _all(self) -> list[FrozenTrial]:
        found = [*self._shown, *self._of_this_sweep()]
        ended = self._ended
        numbered = ((trial.number, trial) for trial in found)
        return [ended.get(number, trial) for number, trial in numbered if number != self._but]

    def _of_this_sweep(self) -> list[FrozenTrial]:
        if self._part is None:
            return super()._get_trials(deepcopy=False)
        unfinished = (TrialState.RUNNING, TrialState.WAITING)
        rest = self._storage.get_all_trials(self._study_id, deepcopy=False, states=unfinished)
        return sorted([*self._part[0], *rest], key=lambda trial: trial.number)

    def stop(self) -> None:
        """Remember that the sampler has nothing more; Optuna's own raises outside ``optimize``."""
        self.set_user_attr(EXHAUSTED, True)


class Informed(BaseSampler):
    """Shows comparable trials to the sampler ``inner``.

    Args:
        constraints: show which trials are infeasible as a constraint too.
        most: of a sweep's ended trials show no more than so many; None for all.
    """

    def __init__(
        self, inner: BaseSampler, *, constraints: bool = True, most: int | None = None
    ) -> None:
        self._inner = inner
        self._most = most
        self._constraints = constraints
        self._make_view: Callable[..., View] = View
        self._view: View | None = None
        self._shown: list[FrozenTrial] = []

    def show(self, trials: Sequence[FrozenTrial]) -> None:
        """Show ended trials of other sweeps, too; their numbers are none of this sweep's."""
        self._shown = [copy.copy(trial) for trial in trials]
        for number, trial in enumerate(self._shown, start=_OTHERS):
            trial.number = trial._trial_id = number

    def show_by(self, view: Callable[..., View]) -> None:
        """Show the study by ``view``, which takes what `View` does."""
        self._make_view = view

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._view = None
        self._inner.before_trial(self._seen(study, trial), trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._inner.infer_relative_search_space(self._seen(study, trial), trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._inner.sample_relative(self._seen(study, trial), trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        return self._inner.sample_independent(
            self._seen(study, trial), trial, param_name, param_distribution
        )

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        if not self._constraints:  # CMA-ES warns of each
            trial = copy.copy(trial)
            trial.system_attrs = _without_constraints(trial)
        view = self._make_view(study, constraints=self._constraints, shown=self._shown)
        self._inner.after_trial(view, trial, state, values)

    def _seen(self, study: Study, trial: FrozenTrial) -> View:
        if self._view is None:
            self._view = self._make_view(
                study,
                constraints=self._constraints,
                but=trial.number,
                shown=self._shown,
                most=self._most,
            )
        return self._view
