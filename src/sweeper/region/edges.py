"""Whether the optimum may lie beyond the end of a range, and where to move that end."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from sweeper.region.analysis import Analysis
from sweeper.region.answer import Centre, Edge, Region
from sweeper.region.scale import Scale

__all__ = ["RIM", "edge_probability", "edges_of"]

Array = np.ndarray[Any, Any]
Side = Literal["lower", "upper"]

RIM = 0.04  # outer share of a range
_LIKELY = 0.3
_OVER_CHANCE = 1.5
_OCTAVES = 2.0  # how far to move a logarithmic bound, at least by half its region's width
_SHARE = 0.25  # of the range, for a linear one


def edges_of(analysis: Analysis, facts: Region, centre: Centre) -> tuple[Edge, ...]:
    """The edges of lr and batch size by probability, those of other parameters as ``facts`` has."""
    core = (analysis.axes.lr, analysis.axes.batch_size)
    known = [edge for edge in facts.edges if edge.name not in core]
    return (*_edges(analysis, centre), *known)


def _edges(analysis: Analysis, centre: Centre) -> Iterator[Edge]:
    for axis, name in enumerate((analysis.axes.lr, analysis.axes.batch_size)):
        if name is None or not analysis.axes.scales[name].has_ends:
            continue
        scale = analysis.axes.scales[name]
        for side in _SIDES:
            probability = edge_probability(analysis, axis, side)
            if probability >= _limit(scale):
                bound = scale.low if side == "lower" else scale.high
                yield Edge(
                    name, side, bound, float(centre.params[name]), probability, _moved(scale, side)
                )


_SIDES: tuple[Side, ...] = ("lower", "upper")


def _limit(scale: Scale) -> float:
    """Of a few choices each holds the optimum of a flat landscape rather often."""
    return max(_LIKELY, _OVER_CHANCE / len(scale.choices)) if scale.choices else _LIKELY


def edge_probability(analysis: Analysis, axis: int, side: Side) -> float:
    """That the optimum lies in the outer 4% of lr (axis 0) or batch size (axis 1)."""
    at = analysis.grid.core.reshape(-1, 2)[analysis.inclusion.best, axis]
    limit = 1 - 2 * RIM
    return float((at <= -limit).mean() if side == "lower" else (at >= limit).mean())


def _moved(scale: Scale, side: Side) -> float:
    """Two octaves further on a logarithmic axis, a quarter of the range on a linear one."""
    up = side == "upper"
    if scale.log:
        moved = (scale.high if up else scale.low) * 2 ** (_OCTAVES if up else -_OCTAVES)
        whole = scale.whole or all(float(choice).is_integer() for choice in scale.choices or (0.5,))
        return float(max(1, math.floor(moved))) if whole else moved
    step = _SHARE * (scale.high - scale.low)
    return scale.high + step if up else scale.low - step
