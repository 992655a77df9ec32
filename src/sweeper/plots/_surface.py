"""The region's map as a smooth picture: probabilities between batch sizes, and the outline."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from sweeper.charts.chart import Field, Lines
from sweeper.charts.style import OUTLINE

if TYPE_CHECKING:
    from sweeper.region import Map, Region, Slope
    from sweeper.region.scale import Scale

__all__ = ["outline", "ridge", "shading"]

Array = np.ndarray[Any, Any]

_ROWS = 61
_RIDGE = 25


def shading(found: Map, slope: Slope | None, x: Scale, y: Scale) -> Field:
    """Probability of being near-optimal over lr and batch size."""
    u, v, z = _fine(found, slope, x, y)
    return Field(
        tuple(x.value(at) for at in u),
        tuple(y.value(at) for at in v),
        tuple(map(tuple, z.round(3).tolist())),
        opacity=1.0,
        lined=False,
    )


def outline(found: Map, slope: Slope | None, x: Scale, y: Scale) -> Lines:
    """The border of the region, closed along the ends of the ranges."""
    import contourpy

    u, v, z = _fine(found, slope, x, y)
    ends = np.array([-1e-3]), np.array([1 + 1e-3])
    sheet = contourpy.contour_generator(
        np.concatenate([ends[0], u, ends[1]]),
        np.concatenate([ends[0], v, ends[1]]),
        np.pad(z, 1, constant_values=-1.0),
        line_type="Separate",
    )
    lines = cast("list[Array]", sheet.lines(found.level))
    paths = tuple(_path(line, x, y) for line in lines)
    return Lines(f"region: probability over {found.level:.0%}", paths, OUTLINE, width=2.0)


def ridge(region: Region, x: Scale, y: Scale) -> Lines | None:
    """The best lr for each batch size: a power law through the centre; None without a clear one."""
    slope = region.slope
    if slope is None or region.centre is None or not region.lr or not region.batch_size:
        return None
    if slope.low <= 0 <= slope.high:
        return None
    lr, batch = (float(region.centre.params[n]) for n in (region.lr, region.batch_size))
    sizes = [y.value(at) for at in np.linspace(0, 1, _RIDGE)]
    rates = [lr * (size / batch) ** slope.exponent for size in sizes]
    inside = [(a, b) for a, b in zip(rates, sizes, strict=True) if x.low <= a <= x.high]
    path = tuple(a for a, _ in inside), tuple(b for _, b in inside)
    way = "grows" if slope.exponent > 0 else "falls"
    name = f"best {region.lr}: {way} as batch^{slope.exponent:.2f}"
    return Lines(name, (path,), OUTLINE, width=1.6, dashed=True)


def _fine(found: Map, slope: Slope | None, x: Scale, y: Scale) -> tuple[Array, Array, Array]:
    """Positions along lr and batch size, and the probabilities on many lines of batch size.

    Between two batch sizes the valley is moved along its slope, not faded from one to the other:
    else a narrow tilted valley would look like a string of beads.
    """
    u = np.array([x.position(value) for value in found.lr])
    v = np.array([y.position(value) for value in found.batch_sizes])
    known, shear = np.array(found.inside), _shear(slope, x, y)
    fine = np.unique(np.concatenate([v, np.linspace(v[0], v[-1], _ROWS)]))
    z = np.empty((len(fine), len(u)))
    for row, at in enumerate(fine):
        i = min(max(int(np.searchsorted(v, at)) - 1, 0), len(v) - 2)
        share = (at - v[i]) / (v[i + 1] - v[i])
        below, above = (np.interp(u + shear * (v[k] - at), u, known[k]) for k in (i, i + 1))
        z[row] = (1 - share) * below + share * above
    return u, fine, z


def _shear(slope: Slope | None, x: Scale, y: Scale) -> float:
    """How far the valley moves along lr over the whole range of batch sizes, as a share of it."""
    if slope is None or not (x.log and y.log):
        return 0.0
    return slope.exponent * math.log(y.high / y.low) / math.log(x.high / x.low)


def _path(line: Array, x: Scale, y: Scale) -> tuple[tuple[float, ...], tuple[float, ...]]:
    clipped = line.clip(0.0, 1.0)
    return (
        tuple(x.value(at) for at in clipped[:, 0].tolist()),
        tuple(y.value(at) for at in clipped[:, 1].tolist()),
    )
