from __future__ import annotations

import math
from typing import Any

import optuna
import pytest

from sweeper.config import CategoricalParam, FloatParam, SearchSpace
from sweeper.distributions import ask
from sweeper.samplers._build import build

SPACE: SearchSpace = {
    "lr": FloatParam(type="float", low=1e-4, high=1e0, log=True),
    "batch_size": CategoricalParam(type="categorical", choices=(2, 4, 8, 16)),
    "encoder": CategoricalParam(type="categorical", choices=("learned", "stft")),
    "n_fft": CategoricalParam(
        type="categorical", choices=(128, 256, 512), when={"encoder": ("stft",)}
    ),
}


@pytest.mark.parametrize("options", [{}, {"qmc_type": "halton"}, {"scramble": False}])
def test_the_space_is_covered_from_the_first_trial_on(options: dict[str, Any]) -> None:
    study = optuna.create_study(sampler=build("qmc", options, SPACE, 0))
    proposals = [ask(study, SPACE)[1] for _ in range(16)]
    decades = [math.floor(math.log10(float(p["lr"]))) for p in proposals]
    assert {d: decades.count(d) for d in range(-4, 0)} == dict.fromkeys(range(-4, 0), 4)
    assert {p["batch_size"] for p in proposals[:8]} == {2, 4, 8, 16}
    assert 7 <= sum(p["encoder"] == "stft" for p in proposals) <= 9
    assert len({p["n_fft"] for p in proposals if "n_fft" in p}) > 1
