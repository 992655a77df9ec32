from __future__ import annotations

import numpy as np
import pytest

from sweeper.region.inputs import Inputs
from sweeper.region.kernel import Covariance, cross, prior


def inputs(rows: int = 30, trials: int = 10) -> Inputs:
    rng = np.random.default_rng(0)
    trial = np.sort(rng.integers(0, trials, rows))
    others = np.where(rng.random((trials, 2)) < 0.2, np.nan, rng.integers(0, 3, (trials, 2)) * 1.0)
    return Inputs(
        core=rng.uniform(-1, 1, (trials, 2))[trial],
        others=others[trial],
        nominal=(True, False),
        left=np.where(rng.random(rows) < 0.3, 0.0, rng.random(rows)),
        trial=trial,
        soft=rng.uniform(0.3, 1, rows),
        extra=np.zeros(rows),
    )


DATA = inputs()
MEAN, SD = prior(2, 0.3)
THETA = MEAN + 0.3 * SD * np.random.default_rng(1).standard_normal(len(MEAN))


@pytest.mark.parametrize("index", range(len(MEAN)))
def test_gradients_are_those_of_the_covariance(index: int) -> None:
    step = np.zeros(len(THETA))
    step[index] = 1e-6
    rows = len(DATA.trial)
    weight = np.random.default_rng(2).standard_normal((rows, rows))
    weight += weight.T
    up, down = (Covariance.of(DATA, theta).total for theta in (THETA + step, THETA - step))
    numeric = np.vdot(weight, up - down) / 2e-6
    assert Covariance.of(DATA, THETA).slopes(weight)[index] == pytest.approx(numeric, abs=1e-4)


def test_the_covariance_is_positive_definite() -> None:
    assert np.linalg.eigvalsh(Covariance.of(DATA, THETA).total).min() > 0


def test_the_last_epoch_without_noise_is_what_the_points_share_with_the_data() -> None:
    last = Inputs.at(DATA.core, DATA.others, DATA.nominal)
    noise = Covariance.of(last, THETA).total - cross(last, last, THETA)
    assert np.allclose(noise, np.diag(np.diag(noise)), atol=1e-9)
    assert np.ptp(np.diag(noise)) < 1e-9
