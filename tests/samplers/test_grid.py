from __future__ import annotations

from typing import Any

import optuna
import pytest

from sweeper.config import CategoricalParam, FloatParam, IntParam, SearchSpace
from sweeper.distributions import ask, enqueue
from sweeper.records import TrialState
from sweeper.samplers._build import build, is_exhausted
from sweeper.tell import tell

SPACE: SearchSpace = {
    "lr": FloatParam(type="float", low=1e-4, high=1e-2, log=True),
    "batch_size": CategoricalParam(type="categorical", choices=(2, 4)),
}


def study_of(space: SearchSpace = SPACE, seed: int = 0, **options: Any) -> optuna.Study:
    return optuna.create_study(sampler=build("grid", options, space, seed))


def take_all(study: optuna.Study, space: SearchSpace = SPACE) -> list[Any]:
    proposals = []
    while not is_exhausted(study):
        trial, params = ask(study, space)
        proposals.append(params)
        tell(study, trial.number, TrialState.PRUNED)
    return proposals


def test_floats_are_cut_into_points_with_their_exact_ends() -> None:
    proposals = take_all(study_of(n_points=3, order="listed"))
    assert [p["batch_size"] for p in proposals] == [2, 4] * 3
    rates = [p["lr"] for p in proposals[::2]]
    assert rates[0] == 1e-4
    assert rates[1] == pytest.approx(1e-3)
    assert rates[2] == 1e-2


def test_linear_floats_are_cut_evenly() -> None:
    space: SearchSpace = {"dropout": FloatParam(type="float", low=0.0, high=0.4)}
    proposals = take_all(study_of(space, order="listed"), space)
    assert [p["dropout"] for p in proposals] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_the_seed_shuffles() -> None:
    first, second = take_all(study_of(seed=1)), take_all(study_of(seed=2))
    assert first != second
    assert sorted(map(str, first)) == sorted(map(str, second))


def test_what_was_enqueued_is_not_proposed_again() -> None:
    study = study_of(n_points=2)
    enqueue(study, SPACE, {"lr": 1e-2, "batch_size": 4})
    enqueue(study, SPACE, {"batch_size": 2})
    enqueue(study, SPACE, {"lr": 5e-3, "batch_size": 2})
    assert not is_exhausted(study)
    proposals = take_all(study)
    assert proposals[0] == {"lr": 1e-2, "batch_size": 4}
    assert proposals[1]["batch_size"] == 2
    assert proposals[2] == {"lr": 5e-3, "batch_size": 2}
    assert len(proposals) == 5
    assert len({str(params) for params in proposals}) == 5


def test_a_failed_point_is_tried_again() -> None:
    study = study_of(n_points=2, order="listed")
    trial, params = ask(study, SPACE)
    tell(study, trial.number, TrialState.FAILED)
    assert ask(study, SPACE)[1] == params


def test_an_exhausted_grid_still_serves_who_asks() -> None:
    study = study_of(n_points=2, order="listed")
    first = take_all(study)[0]
    assert ask(study, SPACE)[1] == first
    enqueue(study, SPACE, {"lr": 5e-3})
    assert ask(study, SPACE)[1] == {"lr": 5e-3, "batch_size": 2}


def test_a_grid_that_nobody_could_train_is_refused() -> None:
    space = {f"x{i}": IntParam(type="int", low=1, high=100) for i in range(3)}
    with pytest.raises(ValueError, match="1000000 configurations"):
        study_of(space)
