"""The section ``training``: forms it takes, and mistakes it refuses."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from sweeper.training.options import TrainingOptions


def test_only_the_number_of_epochs_is_required() -> None:
    options = TrainingOptions.model_validate({"epochs": 3})
    assert options.loss == {"si_sdr": {"weight": 1.0}}
    assert options.schedule == {"name": "none"}


@pytest.mark.parametrize(
    ("given", "terms"),
    [
        ("l1", {"l1": {"weight": 1.0}}),
        ({"l1": 2}, {"l1": {"weight": 2.0}}),
        ({"l1": None}, {"l1": {"weight": 1.0}}),
        (
            {"l1": {}, "multi_resolution_stft": {"weight": 0.1, "n_fft": 512}},
            {"l1": {"weight": 1.0}, "multi_resolution_stft": {"weight": 0.1, "n_fft": 512}},
        ),
    ],
)
def test_a_loss_has_one_form_inside(given: Any, terms: dict[str, Any]) -> None:
    options = TrainingOptions.model_validate({"epochs": 1, "loss": given})
    assert options.loss == terms
    assert TrainingOptions.model_validate(options.model_dump(mode="json")) == options


def test_a_schedule_may_be_a_bare_name() -> None:
    given = {"epochs": 1, "schedule": "plateau"}
    assert TrainingOptions.model_validate(given).schedule == {"name": "plateau"}


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        ({"epochs": 0}, "greater than 0"),
        ({"lr": float("nan")}, "finite"),
        ({"batchsize": 4}, "Extra inputs"),
        ({"loss": {}}, "want a loss's name"),
        ({"loss": 3}, "want a loss's name"),
        ({"loss": {"l1": "much"}}, "l1: want a weight"),
        ({"loss": {"l1": {"weight": 0}}}, "l1: weight must be a number above 0"),
        ({"loss": {"l1": {"weight": True}}}, "l1: weight must be a number above 0"),
        ({"loss": {"l1": float("inf")}}, "l1: weight must be a number above 0"),
        ({"schedule": {"factor": 0.5}}, "with 'name' and options"),
        ({"snr": [10, 0]}, "low <= high"),
        ({"optimizer": "adagrad"}, "'adam', 'adamw' or 'sgd'"),
        ({"precision": "fp16"}, "'auto', 'float32' or 'bf16'"),
        ({"gradient_clip": 0}, "greater than 0"),
    ],
)
def test_a_mistake_is_refused_with_its_rule(mistake: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TrainingOptions.model_validate({"epochs": 1, **mistake})


def test_every_option_is_described_in_the_json_schema() -> None:
    properties = TrainingOptions.model_json_schema()["properties"]
    assert all(entry["description"] for entry in properties.values())
    kinds = {kind.get("type") for kind in properties["loss"]["anyOf"]}
    assert kinds == {"string", "object"}


def test_options_are_light_to_import() -> None:
    code = "import sys, sweeper.training.options; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "ray", "mlflow", "optuna", "numpy"} & set(done.stdout.split())
