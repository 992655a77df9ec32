"""The whole way from trial records to what is known of each cell of the grid, as arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sweeper.config import Objective, ParamSpec
from sweeper.records import ParamValue, TrialRecord, TrialState
from sweeper.region.answer import TooFew
from sweeper.region.grid import FINE, Grid, grid_of, values_of
from sweeper.region.inclusion import Inclusion, draw, include
from sweeper.region.inputs import Inputs
from sweeper.region.observations import Axes, Observations, axes_of, observe
from sweeper.region.scale import BATCH_SIZE, LR, find
from sweeper.region.surrogate import Surrogate, fit
from sweeper.region.thin import MOST_ROWS, thinned
from sweeper.region.warp import Warp

__all__ = ["Analysis", "analyse"]

Array = np.ndarray[Any, Any]

_FINISHED = 3
_TRIALS = 10
_GUARD = 0.3  # share of the draws
_GUARDED = 6  # finished trials, for a surrogate of their own
_EXPONENT = 0.35  # of lr over batch size, before any trial (Shallue et al. 2019, arXiv:1811.03600)


@dataclass(frozen=True, slots=True)
class Analysis:
    """Attributes:
    others: the best setting of each other parameter, as a coordinate; NaN for absent.
    """

    axes: Axes
    grid: Grid
    observations: Observations
    model: Surrogate
    others: Array
    inclusion: Inclusion


def analyse(
    records: Sequence[TrialRecord],
    objective: Objective,
    space: Mapping[str, ParamSpec],
    *,
    tolerance: float | None = None,
    draws: int = 12,
    each: int = 40,
    cells: tuple[int, int] = FINE,
    pending: Sequence[Mapping[str, ParamValue]] = (),
    guard: float = _GUARD,
    rows: int = MOST_ROWS,
) -> Analysis:
    """Fit the surrogate and ask it for every cell.

    Args:
        draws, each: sets of hyperparameters, and joint samples for each of them.
        cells: most cells along lr and batch size.
        pending: trials that run; they are taken to end as expected.
        guard: share of the draws that come from a surrogate of the last epochs alone.
        rows: most rows of data to fit to.

    Raises:
        TooFew: there is too little to fit it to.
    """
    axes = axes_of(space, find(space, LR), find(space, BATCH_SIZE))
    if axes.lr is None and axes.batch_size is None:
        raise TooFew("neither lr nor batch size is searched")
    observations = observe(records, objective, axes)
    _check(observations)
    observations = thinned(observations, rows)
    models = _models(observations, _shear(axes), draws, guard)
    if pending:
        points = _points(axes, pending, observations.nominal)
        models = [model.believing(points) for model in models]
    model = models[0]
    others = _best_setting(model, axes, observations)
    grid = grid_of(axes, cells)
    samples, noise = draw(models, grid.points(others, observations.nominal), each)
    possible = np.repeat(_trainable(records, axes, grid), grid.shape[1])
    inclusion = include(samples, noise, possible, tolerance)
    return Analysis(axes, grid, observations, model, others, inclusion)


def _models(observations: Observations, shear: float, draws: int, guard: float) -> list[Surrogate]:
    """One of all epochs, and one of the last ones alone, which guards against trusting early epochs
    that say nothing of the last ones (a cosine schedule under early stopping)."""
    warp = Warp.around(observations)
    guarding = round(guard * draws) if observations.final.sum() >= _GUARDED else 0
    if guarding == 0:
        return [fit(observations, warp, shear, draws)]
    return [
        fit(observations, warp, shear, draws - guarding),
        fit(observations.ended(), warp, shear, guarding),
    ]


def _points(
    axes: Axes, params: Sequence[Mapping[str, ParamValue]], nominal: tuple[bool, ...]
) -> Inputs:
    """Points at the last epoch."""
    core = [
        [axes.coordinate(n, p.get(n or "")) for n in (axes.lr, axes.batch_size)] for p in params
    ]
    others = [
        [axes.coordinate(n, p[n]) if n in p else math.nan for n in axes.others] for p in params
    ]
    return Inputs.at(np.array(core), np.array(others).reshape(len(params), -1), nominal)


def _check(observations: Observations) -> None:
    finished = int(observations.final.sum())
    if finished < _FINISHED:
        raise TooFew(f"only {finished} trials finished" if finished else "no trial finished")
    if len(observations.numbers) < _TRIALS:
        raise TooFew(f"only {len(observations.numbers)} trials ended with a result")


def _shear(axes: Axes) -> float:
    return _EXPONENT / axes.exponent_unit if axes.exponent_unit else 0.0


def _best_setting(model: Surrogate, axes: Axes, observations: Observations) -> Array:
    """For each other parameter the value with the best mean; they add up, so each alone."""
    found = np.full(len(axes.others), math.nan)
    for k, name in enumerate(axes.others):
        values = [axes.coordinate(name, value) for value in values_of(axes.scales[name], 15)]
        if np.isnan(observations.others[:, k]).any():
            values.append(math.nan)
        found[k] = values[int(np.argmin([model.part(k, value) for value in values]))]
    return found


def _trainable(records: Sequence[TrialRecord], axes: Axes, grid: Grid) -> Array:
    """(rows,) False for batch sizes that ran out of memory and never trained, and larger ones."""
    name = axes.batch_size
    if name is None:
        return np.ones(grid.shape[0], bool)
    sizes = np.array([float(value) for value in grid.batch_size])
    out = [
        float(r.params[name])
        for r in records
        if r.state is TrialState.OUT_OF_MEMORY and name in r.params
    ]
    fits = [float(r.params[name]) for r in records if r.reports and name in r.params]
    over = [size for size in out if size > max(fits, default=0.0)]
    found: Array = sizes < min(over, default=math.inf)
    return found if found.any() else np.ones(grid.shape[0], bool)
