"""The grid of lr x batch size on which a region is looked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sweeper.records import ParamValue
from sweeper.region.inputs import Inputs
from sweeper.region.observations import Axes
from sweeper.region.scale import Scale

__all__ = ["COARSE", "FINE", "Grid", "grid_of", "values_of"]

Array = np.ndarray[Any, Any]

FINE = (49, 21)
COARSE = (33, 13)
"""Most cells along lr and batch size: for answers, and for proposals, of which there are many."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells in rows of one batch size each.

    Attributes:
        lr, batch_size: the values along the axes; empty for a parameter that is not searched.
        core: (rows, columns, 2) coordinates.
    """

    lr: tuple[ParamValue, ...]
    batch_size: tuple[ParamValue, ...]
    core: Array

    @property
    def shape(self) -> tuple[int, int]:
        return self.core.shape[0], self.core.shape[1]

    def points(self, others: Array, nominal: tuple[bool, ...]) -> Inputs:
        """All cells, row after row, at the last epoch, the other parameters at ``others``."""
        core = self.core.reshape(-1, 2)
        return Inputs.at(core, np.tile(others, (len(core), 1)), nominal)


def grid_of(axes: Axes, most: tuple[int, int] = FINE) -> Grid:
    """The grid; a parameter with few values has a cell for each."""
    lr = values_of(axes.scales[axes.lr], most[0]) if axes.lr else ()
    batch = values_of(axes.scales[axes.batch_size], most[1]) if axes.batch_size else ()
    u = [axes.coordinate(axes.lr, value) for value in lr or (None,)]
    v = [axes.coordinate(axes.batch_size, value) for value in batch or (None,)]
    core = np.stack([np.tile(u, (len(v), 1)), np.tile(np.array(v)[:, None], (1, len(u)))], axis=2)
    return Grid(lr, batch, core)


def values_of(scale: Scale, most: int) -> tuple[ParamValue, ...]:
    """Its choices, or at most ``most`` values spread evenly over its axis; whole ones once each."""
    if scale.choices:
        picked = np.unique(np.linspace(0, len(scale.choices) - 1, most).round().astype(int))
        return tuple(scale.choices[i] for i in picked)
    space = np.geomspace if scale.log else np.linspace
    values = space(scale.low, scale.high, most)
    if not scale.whole:
        return tuple(values.tolist())
    return tuple(sorted({int(value) for value in values.round()}))
