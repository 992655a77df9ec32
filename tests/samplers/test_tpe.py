from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import optuna
import pytest

from sweeper.config import CategoricalParam, SearchSpace
from sweeper.distributions import ask
from sweeper.records import TrialState
from sweeper.samplers._build import build
from sweeper.tell import tell

CHOICES: SearchSpace = {
    "loss": CategoricalParam(type="categorical", choices=("l1", "snr", "si_sdr")),
    "optimizer": CategoricalParam(type="categorical", choices=("adam", "sgd")),
}


def test_choices_that_never_work_are_left_alone() -> None:
    late = []
    for seed in range(5):
        study = optuna.create_study(sampler=build("tpe", {}, CHOICES, seed))
        for number in range(30):
            params = ask(study, CHOICES)[1]
            fails = params["loss"] == "snr"
            state = TrialState.OUT_OF_MEMORY if fails else TrialState.COMPLETE
            tell(study, number, state, None if fails else 1.0)
            late += [fails] if number >= 10 else []
    assert sum(late) / len(late) < 0.1


def test_a_space_where_nothing_works_is_still_searched() -> None:
    study = optuna.create_study(sampler=build("tpe", {}, CHOICES, 0))
    for number in range(20):
        ask(study, CHOICES)
        tell(study, number, TrialState.DIVERGED)
    assert len({str(trial.params) for trial in study.trials}) > 3


SCRIPT = """
import optuna, sys
from sweeper.config import CategoricalParam, FloatParam
from sweeper.distributions import ask
from sweeper.pruners._build import build as build_pruner
from sweeper.records import TrialState
from sweeper.samplers._build import build
from sweeper.tell import report, tell
space = {
    "encoder": CategoricalParam(type="categorical", choices=("learned", "stft", "mel")),
    "a": FloatParam(type="float", low=0, high=1, when={"encoder": ("stft", "mel")}),
    "b": FloatParam(type="float", low=0, high=1, when={"encoder": ("mel",)}),
    "lr": FloatParam(type="float", low=0, high=1),
}
optuna.logging.disable_default_handler()
study = optuna.create_study(
    study_name="toy",
    sampler=build("tpe", {}, space, 0),
    pruner=build_pruner("hyperband", {}, 9),
)
for number in range(30):
    params = ask(study, space)[1]
    stops = [report(study, number, epoch, params["lr"] / epoch) for epoch in (1, 2, 3)]
    tell(study, number, TrialState.COMPLETE, params["lr"])
    print(params, stops)
"""


@pytest.fixture
def output_with_hash_seed() -> Callable[[str], str]:
    def run(seed: str) -> str:
        env = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=True
        )
        return done.stdout

    return run


def test_nothing_hangs_on_the_process(output_with_hash_seed: Callable[[str], str]) -> None:
    # sets of strings are in another order in each process: groups of conditions, brackets
    assert output_with_hash_seed("1") == output_with_hash_seed("2") != ""
