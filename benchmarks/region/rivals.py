"""What else names a region: the usual ways, each computed from the same trials.

A rival gets the sweep's trials and gives a mask over the landscape's cells and a centre.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.interpolate import LinearNDInterpolator

from benchmarks.region.landscapes import Landscape
from sweeper.records import TrialRecord, TrialState

__all__ = ["RIVALS", "Named", "cells"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Named:
    """A region: (batch, lr) mask over the landscape's cells, and the cell it recommends."""

    mask: Array
    centre: tuple[int, int]


@dataclass(frozen=True)
class _Finished:
    """Finished trials: (trials, 2) log2 of lr and batch size, (trials,) values, and the cells."""

    at: Array
    value: Array
    cells: Array
    shape: tuple[int, int]

    @property
    def best(self) -> Array:
        found: Array = self.at[self.value.argmin()]
        return found

    @property
    def tolerance(self) -> float:
        return 0.1 * float(np.median(self.value) - self.value.min())

    def named(self, inside: Array, centre: Array | None = None) -> Named:
        at = self.best if centre is None else centre
        nearest = int(((self.cells - at) ** 2).sum(axis=1).argmin())
        row, column = divmod(nearest, self.shape[1])
        return Named(inside.reshape(self.shape), (row, column))


def cells(landscape: Landscape) -> Array:
    """(cells, 2) log2 of lr and batch size, row after row."""
    lr, batch = np.meshgrid(np.log2(landscape.lr), np.log2(landscape.batch))
    return np.stack([lr.ravel(), batch.ravel()], axis=1)


def finished(landscape: Landscape, records: Sequence[TrialRecord]) -> _Finished:
    done = [r for r in records if r.state is TrialState.COMPLETE and r.value is not None]
    at = np.log2([[float(r.params["lr"]), float(r.params["batch_size"])] for r in done])
    value = np.array([r.value for r in done], float)
    return _Finished(at, value, cells(landscape), landscape.final.shape)


def _contour(done: _Finished) -> Named:
    """What users do: the contour of the finished trials, up to best + tolerance."""
    if len(done.value) < 4:
        return done.named(np.zeros(len(done.cells), bool))
    surface = LinearNDInterpolator(done.at, done.value)(done.cells)
    return done.named(np.nan_to_num(surface, nan=np.inf) <= done.value.min() + done.tolerance)


def _top_box(done: _Finished) -> Named:
    """The bounding box of the best tenth, at least two trials."""
    top = done.at[np.argsort(done.value)[: max(2, round(0.1 * len(done.value)))]]
    low, high = top.min(axis=0), top.max(axis=0)
    return done.named(((done.cells >= low) & (done.cells <= high)).all(axis=1))


def _around_best(done: _Finished) -> Named:
    """Within a factor of two of the best trial, in both."""
    return done.named((np.abs(done.cells - done.best) <= 1).all(axis=1))


def _of_surface(done: _Finished, surface: Array) -> Named:
    """The cells within 10% of the surface's own (median - minimum)."""
    limit = surface.min() + 0.1 * (np.median(surface) - surface.min())
    return done.named(surface <= limit, done.cells[surface.argmin()])


def _forest(done: _Finished) -> Named:
    from sklearn.ensemble import RandomForestRegressor

    model = RandomForestRegressor(200, random_state=0).fit(done.at, done.value)
    return _of_surface(done, model.predict(done.cells))


def _sklearn_gp(done: _Finished) -> Named:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    kernel = ConstantKernel() * Matern([2.0, 2.0], nu=2.5) + WhiteKernel()
    model = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(done.at, done.value)
    return _of_surface(done, model.predict(done.cells))


RIVALS: Mapping[str, Callable[[_Finished], Named]] = {
    "contour of finished trials": _contour,
    "box of the top 10%": _top_box,
    "best trial x/÷ 2": _around_best,
    "random forest": _forest,
    "scikit-learn GP": _sklearn_gp,
}
