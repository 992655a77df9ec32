"""Leave-one-out prediction: trials that crowd into a valley, and landscapes without one."""

from __future__ import annotations

import math

import numpy as np

from region.valleys import flat, record, ridge, space, sweep
from sweeper.records import TrialRecord
from sweeper.region.analysis import analyse
from sweeper.region.evidence import leave_one_out, space_of
from synthetic import sweep_config


def crowded(spread: int, inside: int, noise: float) -> list[TrialRecord]:
    """So many trials all over the space, and so many within a tenth of an octave of the best."""
    rng = np.random.default_rng(3)
    near = [2 ** (math.log2(10**-2.5) + rng.uniform(-0.1, 0.1)) for _ in range(inside)]
    params = [{"lr": lr, "batch_size": 16} for lr in near]
    finals = [ridge(p) + noise * float(rng.standard_normal()) for p in params]
    placed = [record(spread + i, p, f) for i, (p, f) in enumerate(zip(params, finals, strict=True))]
    return [*sweep(trials=spread, noise=noise), *placed]


def test_trials_crowded_into_a_valley_do_not_hide_that_the_others_are_predicted() -> None:
    config = sweep_config(space())
    found = leave_one_out(analyse(crowded(14, 40, 0.5), config.objective, config.search_space))
    assert found.explained > 0.6  # by trials alone 0.34


def test_noise_is_not_predicted_wherever_its_trials_lie() -> None:
    config = sweep_config(space())
    records = sweep(flat, trials=40, noise=0.3)
    found = leave_one_out(analyse(records, config.objective, config.search_space))
    assert not found.predicts


def test_a_lone_trial_stands_for_more_of_the_space_than_one_among_many() -> None:
    core = np.array([[-0.9, -0.9], [0.5, 0.5], [0.52, 0.5], [0.5, 0.52]])
    points = space_of(core)
    assert points.sum() == 21**2
    assert points[0] > max(points[1:])
