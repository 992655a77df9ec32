"""What the doubt is that the next full-length trial is placed against."""

from __future__ import annotations

import numpy as np
import pytest

from region.valleys import ridge, space, sweep
from sweeper.region import place as placing
from sweeper.region.analysis import Analysis, analyse
from sweeper.region.edges import at_edges
from sweeper.region.grid import COARSE
from synthetic import sweep_config


@pytest.fixture(scope="module")
def doubtful() -> Analysis:
    """The optimum may lie at the upper end of lr or the lower one of batch size, or not quite."""
    records = sweep(lambda p: ridge({**p, "lr": float(p["lr"]) / 11}), trials=24, noise=0.3)
    config = sweep_config(space())
    return analyse(records, config.objective, config.search_space, each=80, cells=COARSE, guard=0)


def test_bounds_that_may_hold_the_optimum_are_in_doubt(doubtful: Analysis) -> None:
    held = at_edges(doubtful)
    assert held.shape == (len(doubtful.inclusion.best), 4)
    lr_lower, lr_upper, batch_lower, batch_upper = held.mean(axis=0)
    assert max(lr_lower, batch_upper) < 0.1
    assert 0.2 < lr_upper < 0.8
    assert 0.2 < batch_lower < 0.8


def test_the_doubt_about_bounds_has_a_say_in_where_a_trial_goes(
    doubtful: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "_EDGE", 0.0)
    of_cells = placing.doubt_left(doubtful, seed=0)
    monkeypatch.setattr(placing, "_EDGE", 100.0)
    of_bounds = placing.doubt_left(doubtful, seed=0)
    tried = np.isfinite(of_cells)
    assert (of_bounds[tried] >= of_cells[tried]).all()
    assert of_bounds.min() < of_bounds[of_cells.argmin()]
