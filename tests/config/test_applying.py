from __future__ import annotations

import copy
from typing import Any

import pytest

from sweeper.config import SweepConfig, apply, flat_params

TEXT = """\
model: {name: dprnn}
data: {name: demo}
training:
  epochs: 12
  loss: {si_sdr: 1.0, multi_resolution_stft: {weight: 0.5}}
  schedule: {name: plateau, patience: 3}
search_space:
  lr: {type: float, low: 1.0e-4, high: 1.0e-2, log: true}
  model.encoder: {type: categorical, choices: [learned, stft]}
  model.n_fft: {type: categorical, choices: [256, 512], when: {model.encoder: stft}}
  loss.multi_resolution_stft.n_fft: {type: categorical, choices: [512, 1024]}
  weight_decay: {type: fixed, value: 1.0e-5}
budget: {trials: 4}
"""
STFT = {
    "lr": 0.001,
    "model.encoder": "stft",
    "model.n_fft": 512,
    "loss.multi_resolution_stft.n_fft": 1024,
}
LEARNED = {**STFT, "model.encoder": "learned"}


@pytest.fixture
def config(load_text) -> SweepConfig:
    return load_text(TEXT)


def test_parameters_go_where_their_names_say(config: SweepConfig) -> None:
    sections = apply(config, STFT)
    assert sections["model"]["name"] == "dprnn"
    assert sections["model"]["encoder"] == "stft"
    assert sections["model"]["n_fft"] == 512
    assert sections["data"] == {"name": "demo", "sample_rate": 16000}
    assert sections["training"]["lr"] == 0.001
    assert sections["training"]["epochs"] == 12
    assert sections["training"]["loss"]["multi_resolution_stft"] == {"weight": 0.5, "n_fft": 1024}


def test_fixed_parameters_are_put_in_without_being_given(config: SweepConfig) -> None:
    assert apply(config, STFT)["training"]["weight_decay"] == 1e-5
    assert apply(config, {**STFT, "weight_decay": 1e-5}) == apply(config, STFT)


def test_a_parameter_whose_condition_does_not_hold_counts_for_nothing(config: SweepConfig) -> None:
    without = {name: value for name, value in LEARNED.items() if name != "model.n_fft"}
    assert apply(config, LEARNED) == apply(config, without)
    assert apply(config, LEARNED)["model"]["n_fft"] is None
    assert "model.n_fft" not in flat_params(config, LEARNED)


@pytest.mark.parametrize("params", [{}, {"lr": 1e-3}, {**STFT, "hop": 3}])
def test_missing_and_unknown_parameters_are_refused(
    config: SweepConfig, params: dict[str, Any]
) -> None:
    for function in (apply, flat_params):
        with pytest.raises(ValueError, match="must be those of its search space"):
            function(config, params)


def test_applying_changes_nothing_of_the_configuration(config: SweepConfig) -> None:
    before = copy.deepcopy(config)
    sections = apply(config, STFT)
    sections["model"]["layers"] = 99
    sections["training"]["loss"]["si_sdr"]["weight"] = 99
    assert config == before


def test_flat_names_are_short_where_only_one_option_has_them(config: SweepConfig) -> None:
    flat = flat_params(config, STFT)
    assert flat["lr"] == 0.001
    assert flat["model"] == "dprnn"
    assert flat["data"] == "demo"
    assert flat["encoder"] == "stft"
    assert flat["layers"] == 6
    assert flat["loss"] == "si_sdr+multi_resolution_stft"
    assert flat["schedule"] == "plateau"
    assert flat["patience"] == 3
    assert flat["snr"] == "[-5.0, 15.0]"
    assert flat["weight_decay"] == 1e-5


def test_options_that_share_a_name_keep_their_sections(config: SweepConfig) -> None:
    flat = flat_params(config, STFT)
    assert flat["model.n_fft"] == 512
    assert flat["loss.multi_resolution_stft.n_fft"] == 1024
    assert "n_fft" not in flat


def test_the_names_are_the_same_in_every_trial(config: SweepConfig) -> None:
    stft, learned = flat_params(config, STFT), flat_params(config, LEARNED)
    assert stft.keys() - learned.keys() == {"model.n_fft"}
    assert learned.keys() <= stft.keys()


def test_a_name_that_says_nothing_alone_keeps_its_section(config: SweepConfig) -> None:
    flat = flat_params(config, STFT)
    assert flat["loss.multi_resolution_stft.weight"] == 0.5
    assert "weight" not in flat


def test_null_is_left_out(config: SweepConfig) -> None:
    assert "epoch_seconds" not in flat_params(config, STFT)


def test_every_value_is_one_that_a_tracker_can_log(config: SweepConfig) -> None:
    assert all(isinstance(v, (str, int, float, bool)) for v in flat_params(config, STFT).values())


def test_a_searched_loss_has_its_name(load_text) -> None:
    text = TEXT.replace("  loss: {si_sdr: 1.0, multi_resolution_stft: {weight: 0.5}}\n", "")
    text = text.replace(
        "  loss.multi_resolution_stft.n_fft: {type: categorical, choices: [512, 1024]}",
        "  loss: {type: categorical, choices: [l1, si_sdr]}",
    )
    config = load_text(text)
    params = {"lr": 0.001, "model.encoder": "stft", "model.n_fft": 512, "loss": "l1"}
    assert apply(config, params)["training"]["loss"] == "l1"
    assert flat_params(config, params)["loss"] == "l1"
    assert flat_params(config, params)["n_fft"] == 512
