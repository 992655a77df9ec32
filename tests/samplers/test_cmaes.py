from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import optuna
import pytest

from sweeper.config import CategoricalParam, FloatParam, IntParam, SearchSpace
from sweeper.distributions import ask
from sweeper.records import TrialState
from sweeper.samplers._build import build
from sweeper.tell import tell

SPACE: SearchSpace = {
    "lr": FloatParam(type="float", low=1e-4, high=1e-1, log=True),
    "layers": IntParam(type="int", low=1, high=6),
    "encoder": CategoricalParam(type="categorical", choices=("learned", "stft")),
}


def sweep(trials: int, space: SearchSpace = SPACE, **options: Any) -> list[dict[str, Any]]:
    sampler = build("cmaes", options, space, 0)
    study = optuna.create_study(sampler=sampler)
    proposals = []
    for number in range(trials):
        params = ask(study, space)[1]
        proposals.append(params)
        value = float(params.get("layers", 0)) + (params.get("encoder") == "learned")
        tell(study, number, TrialState.COMPLETE, value)
    return proposals


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"with_margin": False},
        {"use_separable_cma": True, "with_margin": False},
        {"lr_adapt": True, "with_margin": False},
        {"population_size": 4, "n_startup_trials": 3},
    ],
)
def test_every_variant_goes_where_values_are_small(options: dict[str, Any]) -> None:
    late = sweep(40, **options)[20:]
    assert sum(params["layers"] for params in late) / len(late) < 2.8  # of random ones: 3.5


def test_choices_without_order_are_learned_too() -> None:
    late = sweep(40)[20:]
    assert sum(params["encoder"] == "stft" for params in late) > 12


@pytest.mark.parametrize("left", [("lr",), ("encoder",), ("layers", "encoder")])
def test_spaces_with_one_number_or_none(left: tuple[str, ...]) -> None:
    assert len(sweep(15, {name: SPACE[name] for name in left})) == 15


class _Intruder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self._path,))


def test_a_study_from_elsewhere_runs_no_code(tmp_path: Path) -> None:
    study = optuna.create_study(sampler=build("cmaes", {}, SPACE, 0))
    trial, _ = ask(study, SPACE)
    payload = pickle.dumps(_Intruder(tmp_path / "opened")).hex()
    study._storage.set_trial_system_attr(trial._trial_id, "cmawm:optimizer:0", payload)
    tell(study, 0, TrialState.COMPLETE, 1.0)
    with pytest.raises(pickle.UnpicklingError, match="state of CMA-ES"):
        ask(study, SPACE)
    assert not (tmp_path / "opened").exists()
