"""From samples to the probability of being near-optimal."""

from __future__ import annotations

import numpy as np
import pytest

from sweeper.region.inclusion import _WIDER, include

CELLS = np.linspace(-1, 1, 101)
BOWL = 10 * CELLS**2  # median 2.5, so that the near-optimal set is |x| <= 0.158 or a little more
ALL = np.ones(len(CELLS), bool)
WIDTH = float((BOWL <= 0.25 * _WIDER).mean())


def samples(roughness: float, number: int = 400) -> np.ndarray:
    """Bowls with waves that are as long as four cells."""
    noise = np.random.default_rng(0).standard_normal((number, len(CELLS)))
    waves = np.array([np.convolve(row, np.hanning(8), "same") for row in noise])
    return BOWL + roughness * waves / waves.std()


def test_samples_that_agree_leave_no_doubt() -> None:
    found = include(samples(0.0), np.zeros(400), ALL)
    assert set(found.inside) == {0.0, 1.0}
    assert found.inside.mean() == pytest.approx(WIDTH)
    assert found.expected_iou == pytest.approx(1.0)


def test_waves_of_the_samples_do_not_shrink_the_set() -> None:
    """Each sample's own minimum lies below the bowl's; the set is measured from the bowl's."""
    found = include(samples(0.1), np.zeros(400), ALL)
    assert found.inside.mean() == pytest.approx(WIDTH, rel=0.1)
    own = samples(0.1) <= samples(0.1).min(axis=1, keepdims=True) + found.tolerance[:, None]
    assert own.mean() < 0.85 * found.inside.mean()


def test_what_cannot_be_trained_is_outside_and_not_the_best() -> None:
    possible = CELLS > 0.5
    found = include(samples(0.0), np.zeros(400), possible)
    assert not found.inside[~possible].any()
    assert set(found.best) == {int(possible.argmax())}


@pytest.mark.parametrize("tolerance", [0.1, 2.0])
def test_a_tolerance_of_the_users_own_is_kept(tolerance: float) -> None:
    found = include(samples(0.0), np.zeros(400), ALL, tolerance)
    assert found.inside.mean() == pytest.approx((tolerance >= BOWL).mean())


def test_noise_above_a_tenth_of_the_spread_widens_the_set() -> None:
    found = include(samples(0.0), np.full(400, 1.0), ALL)
    assert found.inside.mean() == pytest.approx((BOWL <= _WIDER).mean())
