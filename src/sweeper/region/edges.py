"""Whether the optimum may lie beyond the end of a range, and where to move that end."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from sweeper.region.analysis import Analysis
from sweeper.region.answer import Centre, Edge, Region
from sweeper.region.scale import Scale

__all__ = ["at_edges", "edges_of"]

Array = np.ndarray[Any, Any]
Side = Literal["lower", "upper"]

_SIDES: tuple[Side, ...] = ("lower", "upper")
_BATCH_SIZE = 1  # of the two axes
_RIM = 0.04  # outer share of a range
_LIKELY = 0.3
_OVER_CHANCE = 1.5
_SMALLEST = 3.0
"""Odds, before any trial, of an optimum at the lower end of a range of batch sizes, against one at
another end: over so many epochs it has the most steps (Masters and Luschi 2018,
arXiv:1804.07612)."""
_OCTAVES = 2.0  # how far to move a logarithmic bound, at least by half its region's width
_SHARE = 0.25  # of the range, for a linear one


def edges_of(analysis: Analysis, facts: Region, centre: Centre) -> tuple[Edge, ...]:
    """The edges of lr and batch size by probability, those of other parameters as ``facts`` has."""
    core = (analysis.axes.lr, analysis.axes.batch_size)
    known = [edge for edge in facts.edges if edge.name not in core]
    return (*_edges(analysis, centre), *known)


def at_edges(analysis: Analysis) -> Array:
    """(samples, bounds) whether the optimum lies in the outer 4% at each bound of `_bounds`."""
    at = analysis.grid.core.reshape(-1, 2)[analysis.inclusion.best]
    limit = 1 - 2 * _RIM
    found = [
        at[:, axis] <= -limit if side == "lower" else at[:, axis] >= limit
        for _, axis, side in _bounds(analysis)
    ]
    return np.array(found, bool).reshape(-1, len(at)).T


def _bounds(analysis: Analysis) -> Iterator[tuple[str, int, Side]]:
    """Name, axis and side of each bound of lr and batch size."""
    for axis, name in enumerate((analysis.axes.lr, analysis.axes.batch_size)):
        if name is not None and analysis.axes.scales[name].has_ends:
            yield from ((name, axis, side) for side in _SIDES)


def _edges(analysis: Analysis, centre: Centre) -> Iterator[Edge]:
    shares = at_edges(analysis).mean(axis=0)
    for (name, axis, side), share in zip(_bounds(analysis), shares, strict=True):
        scale = analysis.axes.scales[name]
        smallest = (axis, side) == (_BATCH_SIZE, "lower") and not scale.choices
        probability = _weighted(float(share), _SMALLEST if smallest else 1.0)
        if probability >= _limit(scale):
            bound = scale.low if side == "lower" else scale.high
            at = float(centre.params[name])
            yield Edge(name, side, bound, at, probability, _moved(scale, side))


def _weighted(share: float, odds: float) -> float:
    return odds * share / (odds * share + 1 - share)


def _limit(scale: Scale) -> float:
    """Of a few choices each holds the optimum of a flat landscape rather often."""
    return max(_LIKELY, _OVER_CHANCE / len(scale.choices)) if scale.choices else _LIKELY


def _moved(scale: Scale, side: Side) -> float:
    """Two octaves further on a logarithmic axis, a quarter of the range on a linear one."""
    up = side == "upper"
    if scale.log:
        moved = (scale.high if up else scale.low) * 2 ** (_OCTAVES if up else -_OCTAVES)
        whole = scale.whole or all(float(choice).is_integer() for choice in scale.choices or (0.5,))
        return float(max(1, math.floor(moved))) if whole else moved
    step = _SHARE * (scale.high - scale.low)
    return scale.high + step if up else scale.low - step
