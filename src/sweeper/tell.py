"""How a trial's reports and its ending get into the study: truthfully, and once.

    finished                 COMPLETE with its value
    pruned, timed out        PRUNED with its reports
    diverged, out of memory  PRUNED with its reports and the broken constraint ``feasible``
    failed                   FAIL: says nothing about the parameters, so samplers overlook it

An infeasible trial has no value, so none is made up for the study: it is never its best, and no
pruner compares others to it. Samplers are shown one (`sweeper.samplers`). All functions take the
trial by its number, whichever process asked for it, and do nothing the second time.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, Trial, create_trial
from optuna.trial import TrialState as OptunaState

from sweeper.optuna_members import FURTHER
from sweeper.pareto import further_values
from sweeper.records import ParamValue, TrialRecord, TrialState

if TYPE_CHECKING:
    from sweeper.config import Objective

__all__ = ["frozen", "report", "tell"]

_JUDGEMENT = "sweeper:judgement"  # a trial's attribute: what the pruner said last, and its notes

_OPTUNA_STATES = {
    TrialState.COMPLETE: OptunaState.COMPLETE,
    TrialState.PRUNED: OptunaState.PRUNED,
    TrialState.TIMED_OUT: OptunaState.PRUNED,
    TrialState.DIVERGED: OptunaState.PRUNED,
    TrialState.OUT_OF_MEMORY: OptunaState.PRUNED,
    TrialState.FAILED: OptunaState.FAIL,
}


def report(study: Study, number: int, epoch: int, value: float) -> bool:
    """Put an epoch's value into ``study`` and ask the pruner: True ends the trial.

    An epoch that is there already keeps its value and its decision; an ended trial takes no more.

    Raises:
        ValueError: ``value`` is not finite.
    """
    if not math.isfinite(value):
        raise ValueError(f"a reported value must be finite, but trial {number} gave {value}")
    trial, storage = _frozen(study, number), study._storage
    judgement = trial.user_attrs.get(_JUDGEMENT, {})
    if epoch in trial.intermediate_values or trial.state.is_finished():
        return bool(judgement.get("epoch") == epoch and judgement["stop"])
    if judgement.get("epoch") != epoch:
        judgement = _judged(study, trial, epoch, value)
    for key, noted in judgement["notes"].items():
        storage.set_trial_system_attr(trial._trial_id, key, noted)
    storage.set_trial_intermediate_value(trial._trial_id, epoch, value)
    return bool(judgement["stop"])


def _judged(study: Study, trial: FrozenTrial, epoch: int, value: float) -> dict[str, Any]:
    """Ask the pruner, and write its decision and its notes in one, so that no kill parts them."""
    draft = _Draft(study._storage)
    drafted = Study(study.study_name, cast("BaseStorage", draft), study.sampler, study.pruner)
    reported = copy.copy(trial)
    reported.intermediate_values = {**trial.intermediate_values, epoch: float(value)}
    stop = bool(study.pruner.prune(drafted, reported))
    judgement = {"epoch": epoch, "stop": stop, "notes": draft.notes}
    if stop or draft.notes:
        study._storage.set_trial_user_attr(trial._trial_id, _JUDGEMENT, judgement)
    return judgement


class _Draft:
    """A storage that keeps what a pruner notes of a trial (the rungs it has passed) for later."""

    def __init__(self, storage: BaseStorage) -> None:
        self._storage = storage
        self.notes: dict[str, Any] = {}

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        self.notes[key] = value

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


def tell(
    study: Study,
    number: int,
    state: TrialState,
    value: float | None = None,
    further: Sequence[float | None] = (),
) -> None:
    """Tell ``study`` how trial ``number`` ended; an ending told before stays.

    Args:
        value: the objective at its best epoch, for finished trials; others have their reports.
        further: its values of ``objective.also``.

    Raises:
        ValueError: ``state`` is no ending, or a finished trial has no finite ``value``.
    """
    if not state.ended:
        raise ValueError(f"trial {number} has not ended: its state is {state}")
    finished = state is TrialState.COMPLETE
    if finished and (value is None or not math.isfinite(value)):
        raise ValueError(f"trial {number} is complete but has no finite value: {value}")
    trial = _frozen(study, number)
    if trial.state.is_finished():
        return
    if state.infeasible and not trial.constraints:
        Trial(study, trial._trial_id).set_constraint("feasible", 1.0)
    if further:
        study._storage.set_trial_user_attr(trial._trial_id, FURTHER, list(further))
    study.tell(number, value if finished else None, state=_OPTUNA_STATES[state])


def frozen(
    record: TrialRecord,
    params: Mapping[str, ParamValue],
    distributions: Mapping[str, BaseDistribution],
    objective: Objective,
) -> FrozenTrial:
    """An ended trial as a study holds it after `report` and `tell`, without the study.

    Args:
        params, distributions: as the study has them.
    """
    further = further_values(record.reports, objective)
    return create_trial(
        state=_OPTUNA_STATES[record.state],
        value=record.value if record.state is TrialState.COMPLETE else None,
        params=dict(params),
        distributions=dict(distributions),
        intermediate_values={r.epoch: r.metrics[objective.metric] for r in record.reports},
        user_attrs={FURTHER: further} if further else {},
        system_attrs={"constraints:feasible": 1.0} if record.state.infeasible else {},
    )


def _frozen(study: Study, number: int) -> FrozenTrial:
    storage = study._storage
    trial_id = storage.get_trial_id_from_study_id_trial_number(study._study_id, number)
    return storage.get_trial(trial_id)
