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

import math

from optuna import Study
from optuna.trial import FrozenTrial, Trial
from optuna.trial import TrialState as OptunaState

from sweeper.records import TrialState

__all__ = ["report", "tell"]

_STOPPED = "sweeper:stopped"  # a trial's attribute: the epoch at which the pruner ended it

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

    An epoch that is there already keeps its value and its decision.

    Raises:
        ValueError: ``value`` is not finite.
    """
    if not math.isfinite(value):
        raise ValueError(f"a reported value must be finite, but trial {number} gave {value}")
    trial = _frozen(study, number)
    if epoch in trial.intermediate_values:
        return trial.user_attrs.get(_STOPPED) == epoch
    storage = study._storage  # through `Trial` the sampler would prepare a proposal each time
    storage.set_trial_intermediate_value(trial._trial_id, epoch, value)
    stop = study.pruner.prune(study, storage.get_trial(trial._trial_id))
    if stop:
        storage.set_trial_user_attr(trial._trial_id, _STOPPED, epoch)
    return stop


def tell(study: Study, number: int, state: TrialState, value: float | None = None) -> None:
    """Tell ``study`` how trial ``number`` ended; an ending told before stays.

    Args:
        value: the objective at its best epoch, for finished trials; others have their reports.

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
    study.tell(number, value if finished else None, state=_OPTUNA_STATES[state])


def _frozen(study: Study, number: int) -> FrozenTrial:
    return study.get_trials(deepcopy=False)[number]
