"""The smooth surface under the map: a Gaussian process over the finished trials."""

from __future__ import annotations

import math
import warnings
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.charts.chart import Field
from sweeper.plots._outcomes import best_of, finished, thinned
from sweeper.records import TrialState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweeper.config import Objective
    from sweeper.records import TrialRecord
    from sweeper.region.scale import Scale

__all__ = ["valley"]

_ENOUGH = 10
_MOST = 120
_NEAR = np.array([0.16, 0.36])  # a cell this close to a finished trial is drawn, in axis lengths
_GRID = (121, 61)

Named = tuple[str, "Scale"]


def valley(
    records: Sequence[TrialRecord], objective: Objective, x: Named, y: Named
) -> Field | None:
    """The expected objective between finished trials; None where fewer than ten finished.

    Values are warped by asinh around the best, so that one very bad trial does not bend the valley.
    Cells far from every finished trial are left empty, and those whose nearest trial diverged.
    """
    done = list(thinned(finished(records), _MOST))
    best = best_of(done, objective)
    if len(done) < _ENOUGH or best is None or best.value is None:
        return None
    values = np.array([r.value for r in done], float)
    spread = abs(best.value - median(values.tolist())) or 1.0
    grid = _grid()
    at = _positions(done, x, y)
    warped = _fit(at, np.arcsinh((values - best.value) / spread), grid)
    z = best.value + spread * np.sinh(warped)
    failed = _positions([r for r in records if r.state is TrialState.DIVERGED], x, y)
    z[~_known(grid, at, failed)] = np.nan
    if np.isnan(z).all():
        return None
    rows = z.round(4).reshape(_GRID[1], _GRID[0])
    return Field(
        _coordinates(x[1], _GRID[0]), _coordinates(y[1], _GRID[1]), tuple(map(tuple, rows.tolist()))
    )


def _positions(records: Sequence[TrialRecord], x: Named, y: Named) -> np.ndarray[Any, Any]:
    """Trials in the unit square, (trials, 2)."""
    places = [[scale.position(r.params[name]) for name, scale in (x, y)] for r in records]
    return np.array(places, float).reshape(-1, 2)


def _grid() -> np.ndarray[Any, Any]:
    """All cells in the unit square, (cells, 2), x fastest."""
    x, y = np.meshgrid(np.linspace(0, 1, _GRID[0]), np.linspace(0, 1, _GRID[1]))
    return np.stack([x.ravel(), y.ravel()], axis=1)


def _coordinates(scale: Scale, cells: int) -> tuple[float, ...]:
    if scale.log:
        return tuple(np.geomspace(scale.low, scale.high, cells).tolist())
    return tuple(np.linspace(scale.low, scale.high, cells).tolist())


def _fit(
    at: np.ndarray[Any, Any], values: np.ndarray[Any, Any], grid: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped]
    from sklearn.gaussian_process import GaussianProcessRegressor  # type: ignore[import-untyped]
    from sklearn.gaussian_process.kernels import (  # type: ignore[import-untyped]
        ConstantKernel,
        Matern,
        WhiteKernel,
    )

    smooth = Matern([0.3, 0.6], [(0.1, 3.0), (0.25, 6.0)], nu=2.5)
    kernel = ConstantKernel(1.0, (0.05, 50.0)) * smooth + WhiteKernel(0.02, (1e-4, 1.0))
    model = GaussianProcessRegressor(kernel, normalize_y=True)
    with warnings.catch_warnings():  # a hyperparameter at its bound is fine for a picture
        warnings.simplefilter("ignore", ConvergenceWarning)
        found: np.ndarray[Any, Any] = model.fit(at, values).predict(grid)
    return found


def _known(
    grid: np.ndarray[Any, Any], done: np.ndarray[Any, Any], failed: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """Which cells are near a finished trial and not nearer to one that diverged."""
    near = _nearest(grid, done)
    return (near < 1.0) & (near <= _nearest(grid, failed))


def _nearest(grid: np.ndarray[Any, Any], points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Distance of each cell to the nearest point, in units of `_NEAR`."""
    if not len(points):
        return np.full(len(grid), math.inf)
    from scipy.spatial import KDTree  # type: ignore[import-untyped]

    distance: np.ndarray[Any, Any] = KDTree(points / _NEAR).query(grid / _NEAR)[0]
    return distance
