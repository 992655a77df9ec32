from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.preflight import Cell, Forecast, Measured

GIB = 2**30


def forecast(*needs: Measured, trials: int = 10) -> Forecast:
    cells = [Cell(2 * i, 1.0, {"batch_size": 2 * i}) for i in range(1, len(needs) + 1)]
    return Forecast(tuple(zip(cells, needs, strict=True)), epochs=4, trials=trials)


def needs(peak: int, speed: float = 50.0, total: int = 80 * GIB) -> Measured:
    return Measured(peak, total, speed, samples_per_epoch=100)


def test_the_largest_decides_how_many_share_a_gpu() -> None:
    found = forecast(needs(8 * GIB), needs(20 * GIB))
    assert found.peak_bytes == 20 * GIB
    assert found.trials_per_device == 3  # of 72 GiB that are not kept free
    assert found.gpus_per_trial == 0.33


def test_what_does_not_fit_is_no_measure_for_the_rest() -> None:
    too_much = Measured(None, 80 * GIB, None, 0, why="out of memory")
    assert forecast(too_much, needs(30 * GIB)).gpus_per_trial == 0.5
    nothing = forecast(too_much)
    assert (nothing.peak_bytes, nothing.trials_per_device) == (None, 0)
    assert nothing.seconds(1) is None


def test_time_is_the_grid_s_mean_for_all_trials() -> None:
    found = forecast(needs(GIB, speed=50.0), needs(GIB, speed=100.0))
    # 4 epochs of 100 segments: 8 s and 4 s
    assert found.trial_seconds == pytest.approx(6.0)
    assert found.seconds(2) == pytest.approx(30.0)


def test_validation_and_the_start_of_workers_take_their_time() -> None:
    # 4 epochs of 2 s, and a look of 1 s at the validation after each and at the best at the end
    found = forecast(replace(needs(GIB), validation_seconds=1.0, start_seconds=9.0))
    assert found.trial_seconds == pytest.approx(13.0)
    assert found.seconds(5) == pytest.approx(9 + 2 * 13.0)
    assert found.seconds(4) == pytest.approx(9 + 3 * 13.0)  # the last round is not full


@given(st.integers(1, 100 * GIB), st.integers(GIB, 100 * GIB))
def test_shares_never_promise_more_memory_than_there_is(peak: int, total: int) -> None:
    found = forecast(needs(peak, total=total))
    together = int(1 / found.gpus_per_trial + 1e-9)
    assert together >= 1
    assert together == 1 or together * peak <= total
