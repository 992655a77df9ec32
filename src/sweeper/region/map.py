"""The grid's numbers as the frozen values of an answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from sweeper.region.analysis import Analysis
from sweeper.region.answer import Map

__all__ = ["map_of"]

Array = np.ndarray[Any, Any]

_DIGITS = 4


def map_of(analysis: Analysis) -> Map:
    """Every cell; the objective in its own direction."""
    found, shape, sign = analysis.inclusion, analysis.grid.shape, analysis.observations.sign
    held = np.bincount(found.best, minlength=found.inside.size) / len(found.best)
    # the mean on the warped scale: far from all trials the plain one has no bound
    warp = analysis.model.warp
    expected = sign * warp.back(warp.forward(found.samples).mean(axis=0))
    sd_low, sd_high = np.quantile(found.samples, [0.16, 0.84], axis=0)
    low, high = np.sort(sign * np.quantile(found.samples, [0.05, 0.95], axis=0), axis=0)
    return Map(
        lr=tuple(float(value) for value in analysis.grid.lr),
        batch_sizes=analysis.grid.batch_size,
        inside=_rows(found.inside, shape),
        optimum=_rows(held, shape),
        expected=_rows(expected, shape),
        sd=_rows((sd_high - sd_low) / 2, shape),
        low=_rows(low, shape),
        high=_rows(high, shape),
        region=tuple(tuple(row) for row in found.region.reshape(shape).tolist()),
        level=found.level,
        expected_iou=found.expected_iou,
    )


def _rows(values: Array, shape: tuple[int, int]) -> tuple[tuple[float, ...], ...]:
    """To so many digits that a file of it can be read."""
    digits = _DIGITS - 1 - np.floor(np.log10(np.maximum(np.abs(values), 1e-12)))
    rounded = [round(float(v), int(d)) for v, d in zip(values, digits, strict=True)]
    return tuple(tuple(row) for row in np.reshape(rounded, shape).tolist())
