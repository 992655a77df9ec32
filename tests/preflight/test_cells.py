from __future__ import annotations

from typing import Any

from sweeper.preflight import cells
from synthetic import sweep_config

SPACE: dict[str, Any] = {
    "lr": {"type": "float", "low": 1e-4, "high": 3e-2, "log": True},
    "batch_size": {"type": "int", "low": 2, "high": 32, "log": True},
    "segment": {"type": "float", "low": 0.5, "high": 2.0},
    "model.encoder": {"type": "categorical", "choices": ["learned", "stft"]},
    "model.n_fft": {
        "type": "categorical",
        "choices": [256, 512],
        "when": {"model.encoder": "stft"},
    },
    "model.hidden": {"type": "int", "low": 16, "high": 64},
}


def test_every_batch_size_meets_every_segment_the_largest_first() -> None:
    grid = [cell for cell in cells(sweep_config(SPACE)) if not cell.varied]
    found = [(cell.batch_size, cell.segment) for cell in grid]
    assert found[0] == (32, 2.0)
    assert set(found) == {(b, s) for b in (2, 8, 32) for s in (0.5, 2.0)}


def test_what_the_model_may_be_is_tried_at_the_largest_batch() -> None:
    varied = [cell for cell in cells(sweep_config(SPACE)) if cell.varied]
    assert {(c.varied, c.params[c.varied]) for c in varied} == {
        ("model.encoder", "stft"),
        ("model.n_fft", 256),
        ("model.n_fft", 512),
        ("model.hidden", 32),
        ("model.hidden", 64),
    }
    assert {(cell.batch_size, cell.segment) for cell in varied} == {(32, 2.0)}


def test_without_a_search_for_them_batch_and_segment_are_those_of_training() -> None:
    config = sweep_config({"lr": SPACE["lr"]})
    training = {**config.training, "batch_size": 8, "segment": 1.0}
    (cell,) = cells(config.model_copy(update={"training": training}))
    assert (cell.batch_size, cell.segment, cell.varied) == (8, 1.0, "")
