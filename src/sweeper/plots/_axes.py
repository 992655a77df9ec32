"""Axes of searched parameters and of the objective, with ticks that can be read."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from sweeper.charts.chart import Axis, Colours
from sweeper.plots._outcomes import best_of, finished
from sweeper.region.scale import Scale, scale_of
from sweeper.words import labelled, number, scientific

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sweeper.config import Objective, ParamSpec
    from sweeper.records import TrialRecord

__all__ = ["RIM", "colours", "objective_axis", "param_axis", "scales", "spans_decades", "ticks"]

_MARGIN = 0.06
RIM = 0.08  # of the objective's span is kept free at both ends of its axis
_FAR = 5.0  # values this many times (best - median) below the best are drawn at the axis's end
_FAR_IN_COLOUR = 2.5
_DECADE = 10.0


def scales(space: Mapping[str, ParamSpec]) -> dict[str, Scale]:
    """The searched parameters with their scales, in the order of the search space."""
    found = {name: scale_of(spec) for name, spec in space.items()}
    return {name: scale for name, scale in found.items() if scale is not None}


def param_axis(name: str, scale: Scale) -> Axis:
    """An axis over the whole searched range with a margin, so that marks at its ends are seen."""
    log = ", log scale" if scale.log and not scale.choices else ""
    return Axis(f"{name}{log}", _widened(scale), scale.log, ticks(scale))


def ticks(scale: Scale) -> dict[float, str]:
    """Tick texts by coordinate: every choice, or round numbers in the range."""
    if scale.choices:
        return {scale.coordinate(choice): number(choice) for choice in scale.choices}
    if scale.log and scale.low < 0.01:
        return {x: scientific(x) for x in _log_ticks(scale.low, scale.high)}
    at = _log_ticks(scale.low, scale.high) if scale.log else _ticks(scale.low, scale.high)
    return {x: number(x) if x % 1 or x > 1e4 else f"{x:.0f}" for x in at}


def objective_axis(records: Iterable[TrialRecord], objective: Objective) -> Axis:
    """An axis of the objective; far outliers on the bad side do not squeeze the rest."""
    records = list(records)
    low, high = _limits(records, objective, _FAR)
    margin = RIM * (high - low)
    return Axis(labelled(objective.metric), (low - margin, high + margin))


def colours(records: Iterable[TrialRecord], objective: Objective) -> Colours:
    """The colour scale of finished trials, over the better of them so that the valley shows."""
    low, high = _limits(finished(records), objective, _FAR_IN_COLOUR)
    return Colours(labelled(objective.metric), low, high, objective.direction == "maximize")


def spans_decades(values: Sequence[float]) -> bool:
    """Whether positive values differ so much that only a log axis shows the small ones."""
    return bool(values) and min(values) > 0 and max(values) / min(values) > _DECADE


def _limits(
    records: Sequence[TrialRecord], objective: Objective, far: float
) -> tuple[float, float]:
    values = [r.value for r in records if r.value is not None]
    if not values:
        return 0.0, 1.0
    best = best_of(records, objective)
    top = best.value if best is not None and best.value is not None else None
    low, high = min(values), max(values)
    if top is not None:
        reach = far * abs(top - median([r.value or 0.0 for r in finished(records)]))
        low, high = _cut(low, high, top, reach, objective.direction == "maximize")
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _cut(low: float, high: float, best: float, reach: float, maximize: bool) -> tuple[float, float]:
    if reach == 0:
        return low, high
    return (max(low, best - reach), high) if maximize else (low, min(high, best + reach))


def _widened(scale: Scale) -> tuple[float, float]:
    if scale.nominal:
        return scale.low - 0.5, scale.high + 0.5
    if not scale.log:
        margin = _MARGIN * (scale.high - scale.low)
        return scale.low - margin, scale.high + margin
    factor = (scale.high / scale.low) ** _MARGIN
    return scale.low / factor, scale.high * factor


def _log_ticks(low: float, high: float) -> list[float]:
    decades = math.log10(high / low)
    steps = (1,) if decades > 4 else (1, 3) if decades > 1.5 else (1, 2, 5)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    at = [float(f"{step}e{power}") for power in range(first, last + 1) for step in steps]
    inside = [x for x in at if low * 0.999 <= x <= high * 1.001]
    return inside if len(inside) > 1 else [low, high]


def _ticks(low: float, high: float) -> list[float]:
    step = 10.0 ** math.floor(math.log10((high - low) / 3))
    step *= next(s for s in (1, 2, 5, 10) if (high - low) / (step * s) <= 6)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]
