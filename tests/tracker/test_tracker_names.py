"""Keys that MLflow accepts, names that people can read."""

import math

from hypothesis import given
from hypothesis import strategies as st

from sweeper.tracker.names import (
    metric_key,
    metric_value,
    param_text,
    params_of,
    run_name,
    safe_key,
    tag_text,
)


@given(st.text(max_size=300))
def test_mlflow_accepts_every_safe_key(name: str) -> None:
    from mlflow.utils.validation import _validate_length_limit, _validate_metric_name

    key = safe_key(name)
    _validate_metric_name(key)
    _validate_length_limit("Metric name", 250, key)


def test_good_keys_stay() -> None:
    for key in ("val_si_sdr", "model.n_fft", "loss/stft", "lr 2"):
        assert safe_key(key) == key


def test_metrics_have_the_names_of_the_guide() -> None:
    assert metric_key("train_loss") == "train_loss_epoch"
    assert metric_key("val_loss") == "val_loss_epoch"
    assert metric_key("val_si_sdr") == "val_si_sdr"
    assert metric_key("peak_memory_bytes") == "peak_memory_mb"
    assert metric_value("peak_memory_bytes", 3e6) == 3.0
    assert metric_value("val_loss", 3e6) == 3e6


def test_log_scaled_parameters_are_there_on_a_linear_axis_too() -> None:
    params = params_of({"lr": 3e-3, "model": "dprnn"}, 7, frozenset({"lr", "absent"}))
    assert params == {"lr": "0.003", "model": "dprnn", "seed": "7", "log10_lr": "-2.5229"}
    assert float(params["log10_lr"]) == round(math.log10(3e-3), 4)


def test_a_run_says_what_it_is() -> None:
    assert run_name("0007", {"lr": 1.2e-3, "model.n_fft": 256}) == "0007 lr=1.2e-3 n_fft=256"


def test_long_texts_are_cut() -> None:
    assert tag_text("short") == "short"
    assert param_text("x" * 9000) == "x" * 6000
    cut = tag_text("a line of the report\n" * 1000)
    assert len(cut) <= 8000
    assert cut.endswith("a line of the report\n\n(cut here)")
    assert len(tag_text("x" * 9000)) == 8000
