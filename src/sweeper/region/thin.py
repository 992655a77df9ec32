"""Thousands of trials as hundreds of rows: trials that are alike are averaged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sweeper.region.observations import Observations

__all__ = ["MOST_ROWS", "thinned"]

Array = np.ndarray[Any, Any]

MOST_ROWS = 450
"""A fit's time grows with the cube of its rows."""

_BINS = ((48, 8), (32, 6), (24, 5), (16, 4), (12, 3))
"""Cells along lr and batch size, and along each other parameter, from fine to coarse."""


def thinned(obs: Observations, most: int = MOST_ROWS) -> Observations:
    """At most ``most`` rows, each with the mean of trials that are alike and ended alike.

    Where averaging does not suffice (many parameters), trials are left out at regular intervals.
    """
    if len(obs.value) <= most:
        return obs
    obs = _fewer_epochs(obs)
    for bins in _BINS:
        if len(obs.value) <= most:
            return obs
        averaged = _averaged(obs, _cells(obs, *bins))
        if len(averaged.value) <= most:
            return averaged
    return _every(averaged, -(-len(averaged.value) // most))


def _fewer_epochs(obs: Observations) -> Observations:
    """Every third row of each trial, counted from its last."""
    last = np.append(obs.trial[1:] != obs.trial[:-1], True)
    end = np.flatnonzero(last)[np.cumsum(last) - last]
    return obs.only((end - np.arange(len(last))) % 3 == 0)


def _cells(obs: Observations, core: int, other: int) -> Array:
    """(rows,) which trials are taken together: the same cell, the same last epoch and outcome."""
    last = np.append(obs.trial[1:] != obs.trial[:-1], True)
    places = [np.round((obs.core + 1) / 2 * core)]
    for column, nominal in zip(obs.others.T, obs.nominal, strict=True):
        at = column if nominal else np.round((column + 1) / 2 * other)
        places.append(np.nan_to_num(at, nan=-1.0)[:, None])
    end = np.stack([obs.left, obs.final, np.isfinite(obs.value)], axis=1)
    keys = np.hstack([*places, end])[last]
    _, cell = np.unique(keys, axis=0, return_inverse=True)
    found: Array = cell.ravel()[np.cumsum(last) - last]
    return found


def _averaged(obs: Observations, cell: Array) -> Observations:
    """One row for each cell and epoch, in the order of cells and epochs."""
    keys = np.stack([cell, -obs.left], axis=1)
    found, where, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    where = where.ravel()
    first = np.full(len(found), len(where))
    np.minimum.at(first, where, np.arange(len(where)))

    def mean(values: Array) -> Array:
        summed = np.zeros((len(found), *values.shape[1:]))
        np.add.at(summed, where, values)
        return summed / counts.reshape(-1, *[1] * (values.ndim - 1))

    return replace(
        obs,
        core=mean(obs.core),
        others=np.where(np.array(obs.nominal, bool), obs.others[first], mean(obs.others)),
        left=-found[:, 1],
        value=mean(obs.value),
        trial=found[:, 0].astype(int),
        final=obs.final[first],
        weight=mean(obs.weight) * counts,
    )


def _every(obs: Observations, step: int) -> Observations:
    """Every so-manieth trial."""
    _, rank = np.unique(obs.trial, return_inverse=True)
    return obs.only(rank % step == 0)
