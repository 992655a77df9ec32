from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState as OptunaState

from sweeper.config import FloatParam, SearchSpace
from sweeper.distributions import ask
from sweeper.pruners._build import build as build_pruner
from sweeper.records import TrialState
from sweeper.samplers._build import build
from sweeper.tell import report, tell

SPACE: SearchSpace = {"lr": FloatParam(type="float", low=0.0, high=1.0)}
Open = Callable[[], optuna.Study]


@pytest.fixture
def reopened(tmp_path: Path) -> Open:
    """The study, as each new process opens it."""

    def open_study() -> optuna.Study:
        return optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(tmp_path / "journal"))),
            study_name="toy",
            direction="maximize",
            sampler=build("tpe", {}, SPACE, 0),
            pruner=build_pruner("threshold", {"lower": 0.0}, 10),
            load_if_exists=True,
        )

    return open_study


@pytest.mark.parametrize(
    ("state", "value", "told", "kept"),
    [
        (TrialState.COMPLETE, 8.0, OptunaState.COMPLETE, 8.0),
        (TrialState.PRUNED, None, OptunaState.PRUNED, 3.0),
        (TrialState.TIMED_OUT, 5.0, OptunaState.PRUNED, 3.0),
        (TrialState.DIVERGED, None, OptunaState.PRUNED, 3.0),
        (TrialState.OUT_OF_MEMORY, None, OptunaState.PRUNED, 3.0),
        (TrialState.FAILED, None, OptunaState.FAIL, None),
    ],
)
def test_every_ending_is_told_by_another_process_and_once(
    state: TrialState, value: float | None, told: OptunaState, kept: float | None, reopened: Open
) -> None:
    study = reopened()
    ask(study, SPACE)
    report(study, 0, 1, 5.0)
    report(study, 0, 2, 3.0)
    tell(reopened(), 0, state, value)
    tell(reopened(), 0, state, value)
    tell(reopened(), 0, TrialState.FAILED)
    (trial,) = reopened().trials
    assert (trial.state, trial.value) == (told, kept)
    assert trial.intermediate_values == {1: 5.0, 2: 3.0}
    assert trial.constraints == ({"feasible": 1.0} if state.infeasible else {})


def test_an_ending_that_a_kill_cut_in_two_is_finished(reopened: Open) -> None:
    trial, _ = ask(reopened(), SPACE)
    trial.set_constraint("feasible", 1.0)
    tell(reopened(), 0, TrialState.DIVERGED)
    assert reopened().trials[0].state == OptunaState.PRUNED


def test_infeasible_trials_are_never_the_best(reopened: Open) -> None:
    study = reopened()
    endings = [(9.0, TrialState.DIVERGED), (2.0, TrialState.COMPLETE), (4.0, TrialState.PRUNED)]
    for number, (value, state) in enumerate(endings):
        ask(study, SPACE)
        report(study, number, 1, value)
        tell(study, number, state, value)
    assert (study.best_trial.number, study.best_value) == (1, 2.0)


def test_without_a_finished_trial_there_is_no_best(reopened: Open) -> None:
    study = reopened()
    ask(study, SPACE)
    tell(study, 0, TrialState.DIVERGED)
    with pytest.raises(ValueError, match="No trials are completed"):
        _ = study.best_trial


def test_a_report_is_taken_once_and_its_decision_stays(reopened: Open) -> None:
    ask(reopened(), SPACE)
    assert not report(reopened(), 0, 1, 1.0)
    assert report(reopened(), 0, 2, -1.0)
    assert report(reopened(), 0, 2, 5.0)
    assert not report(reopened(), 0, 1, -5.0)
    tell(reopened(), 0, TrialState.PRUNED)
    assert report(reopened(), 0, 2, 5.0)
    assert not report(reopened(), 0, 3, 5.0)
    assert reopened().trials[0].intermediate_values == {1: 1.0, 2: -1.0}


@pytest.mark.parametrize("state", [TrialState.RUNNING, TrialState.INTERRUPTED])
def test_what_has_not_ended_cannot_be_told(state: TrialState, reopened: Open) -> None:
    study = reopened()
    ask(study, SPACE)
    with pytest.raises(ValueError, match=f"state is {state}"):
        tell(study, 0, state, 1.0)


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_finished_trial_has_a_finite_value(value: float | None, reopened: Open) -> None:
    study = reopened()
    ask(study, SPACE)
    with pytest.raises(ValueError, match="no finite value"):
        tell(study, 0, TrialState.COMPLETE, value)
    with pytest.raises(ValueError, match="must be finite"):
        report(study, 0, 1, math.nan)
    assert study.trials[0].state == OptunaState.RUNNING
