from __future__ import annotations

import numpy as np
import pytest

from region.valleys import ridge, space, sweep
from sweeper.region import find_region
from sweeper.region.observations import axes_of, observe
from sweeper.region.thin import MOST_ROWS, thinned
from synthetic import sweep_config

CONFIG = sweep_config(space())
AXES = axes_of(CONFIG.search_space, "lr", "batch_size")


def test_few_trials_stay_as_they_are() -> None:
    obs = observe(sweep(trials=30), CONFIG.objective, AXES)
    assert thinned(obs) is obs


@pytest.mark.parametrize("trials", [300, 3000])
def test_many_are_averaged_without_loss(trials: int) -> None:
    obs = observe(sweep(trials=trials), CONFIG.objective, AXES)
    few = thinned(obs)
    assert len(few.value) <= MOST_ROWS
    assert few.weight[few.final].sum() == obs.final.sum()
    total = (few.weight * few.value)[few.final].sum()
    assert total == pytest.approx(obs.value[obs.final].sum())
    last = np.append(few.trial[1:] != few.trial[:-1], True)
    assert (np.diff(few.left)[~last[:-1]] < 0).all()


def test_thousands_of_trials_give_the_same_answer() -> None:
    found = find_region(sweep(trials=3000), CONFIG.objective, CONFIG.search_space)
    assert found.evidence.enough
    assert found.centre is not None
    assert ridge(found.centre.params) > 8.95
