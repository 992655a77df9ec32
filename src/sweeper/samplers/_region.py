"""The sampler of a sweep whose goal is the region (``objective.goal: region``).

The first part of the budget covers the space evenly, the second is the sampler's, the last places
trials where they sharpen the region the most and trains them to the end, whatever the pruner thinks
of their first epochs: early stopping is what hides a region.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from sweeper.config import Objective, SearchSpace
from sweeper.distributions import distributions, to_optuna, to_params
from sweeper.optuna_members import FULL_LENGTH
from sweeper.records import EpochReport, ParamValue, TrialRecord, TrialState
from sweeper.region.answer import TooFew
from sweeper.samplers._told import broken

__all__ = ["COVERED", "PLACED", "Placing", "part_of"]

COVERED = 0.4
"""Share of the budget that covers the space evenly."""

PLACED = 0.3
"""Share of the budget, at its end, that is placed for the region."""

_METRIC = "objective"
_STATES = {OptunaState.COMPLETE: TrialState.COMPLETE, OptunaState.PRUNED: TrialState.PRUNED}


def part_of(number: int, trials: int) -> str:
    """Which part of a budget of ``trials`` a trial is in: ``cover``, ``improve`` or ``place``."""
    if number < round(COVERED * trials):
        return "cover"
    return "improve" if number < trials - round(PLACED * trials) else "place"


class Placing(BaseSampler):
    """Proposes the trial that leaves the region least doubtful; where no region can be estimated
    yet, what ``inner`` proposes.

    Args:
        shown: ended trials of other sweeps in this space.
    """

    def __init__(
        self, space: SearchSpace, seed: int, inner: BaseSampler, shown: Sequence[FrozenTrial]
    ) -> None:
        self._space = space
        self._seed = seed
        self._inner = inner
        self._shown = shown
        self._placed: dict[str, ParamValue] = {}

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        if "fixed_params" not in trial.system_attrs:  # a point of the user's own
            study._storage.set_trial_system_attr(trial._trial_id, FULL_LENGTH, True)
        self._placed = self._place(study, trial)
        self._inner.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        if self._placed:
            always = distributions(self._space)
            return {name: d for name, d in always.items() if name in self._placed}
        return self._inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        if self._placed:
            return {name: self._placed[name] for name in search_space}
        return self._inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        if param_name in self._placed:
            return self._placed[param_name]
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: OptunaState,
        values: Sequence[float] | None,
    ) -> None:
        self._inner.after_trial(study, trial, state, values)

    def _place(self, study: Study, trial: FrozenTrial) -> dict[str, ParamValue]:
        """The proposal as the study holds it; empty where there is none."""
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        from sweeper.region.place import place

        known = [*self._shown, *study.get_trials(deepcopy=False)[: trial.number]]
        direction = "maximize" if study.direction == StudyDirection.MAXIMIZE else "minimize"
        objective = Objective(metric=_METRIC, direction=direction)
        records = [r for i, t in enumerate(known) if (r := _record(self._space, i, t))]
        pending = [
            params
            for t in known
            if t.state == OptunaState.RUNNING and FULL_LENGTH in t.system_attrs
            if (params := _params(self._space, t))
        ]
        try:
            with threadpool_limits(limits=1, user_api="blas"):  # the others train
                params = place(records, objective, self._space, pending, self._seed)
        except TooFew:
            return {}
        return to_optuna(self._space, params)


def _params(space: SearchSpace, trial: FrozenTrial) -> dict[str, ParamValue]:
    """A trial's parameters; none while they are not all drawn."""
    try:
        return to_params(space, trial.params)
    except KeyError:
        return {}


def _record(space: SearchSpace, number: int, trial: FrozenTrial) -> TrialRecord | None:
    """An ended trial as a record; None for others."""
    if trial.state not in _STATES:
        return None
    bad = broken(trial)
    curve = sorted(trial.intermediate_values.items())
    return TrialRecord(
        number,
        to_params(space, trial.params),
        TrialState.DIVERGED if bad else _STATES[trial.state],
        seed=0,
        reports=tuple(EpochReport(epoch, {_METRIC: value}, 0.0) for epoch, value in curve),
        value=None if trial.values is None or bad else trial.values[0],
    )
