"""The best trial in each part of each parameter's range.

Isolation plots: with the best of many trials in each bucket, what the other parameters happened to
be matters least (Godbole et al. 2023, Deep Learning Tuning Playbook).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from sweeper.charts.chart import Axis, Chart, Lines, Mark, Panel, Points
from sweeper.charts.style import BEST, OUTLINE
from sweeper.plots._axes import objective_axis, param_axis, scales
from sweeper.plots._outcomes import best_of, finished, hover, thinned
from sweeper.plots._rim import note, placed
from sweeper.words import count, roughly

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sweeper.config import Objective, ParamSpec
    from sweeper.records import TrialRecord
    from sweeper.region import Region
    from sweeper.region.scale import Scale

__all__ = ["isolation"]

_MOST_PANELS = 12
_BUCKETS = 8  # of a range, at most
_END = 0.05  # of the range
_EACH = 3  # finished trials that a bucket should have on average


def isolation(
    records: Sequence[TrialRecord],
    objective: Objective,
    space: Mapping[str, ParamSpec],
    region: Region,
) -> Chart:
    """One panel a parameter: a bar at the best finished trial of each bucket or choice."""
    title = f"Best {objective.metric} in each part of each parameter's range"
    found, done = scales(space), finished(records)
    if not found or not done:
        return Chart(title, (), note="No trial has finished." if found else "Nothing is searched.")
    y = objective_axis(done, objective)
    panels = tuple(
        _panel(done, objective, name, found[name], y, region) for name in list(found)[:_MOST_PANELS]
    )
    return Chart(title, panels, note=_note(len(done), len(found)) + note(done, y))


def _note(done: int, params: int) -> str:
    said = f"Bars: the best of {count(done, 'finished trial')} there."
    left = params - _MOST_PANELS
    return f"{said} {left} more parameters are not shown." if left > 0 else said


def _panel(
    records: Sequence[TrialRecord],
    objective: Objective,
    name: str,
    scale: Scale,
    y: Axis,
    region: Region,
) -> Panel:
    here = [r for r in records if name in r.params]
    x = param_axis(name, scale)
    assert x.limits is not None
    marks: list[Mark] = []
    if region.best is not None and region.tolerance is not None:
        marks.append(_near(region, region.best.value, objective, x.limits))
    marks += _dots(here, objective, name, scale, y)
    marks += _bars(here, objective, name, scale, y)
    marks += _best(records, objective, name, scale, y)
    return Panel(x, y, tuple(marks))


def _near(region: Region, best: float, objective: Objective, ends: tuple[float, float]) -> Lines:
    assert region.tolerance is not None
    level = best - region.tolerance * (1 if objective.direction == "maximize" else -1)
    name = f"within {roughly(region.metric, region.tolerance)} of the best"
    return Lines(name, ((ends, (level, level)),), OUTLINE, 1.3, dashed=True)


def _dots(
    records: Sequence[TrialRecord], objective: Objective, name: str, scale: Scale, y: Axis
) -> Iterator[Points]:
    drawn = thinned(records)
    if drawn:
        yield Points(
            "finished trial",
            tuple(scale.coordinate(r.params[name]) for r in drawn),
            tuple(placed(r, y.limits, objective) for r in drawn),
            "dot",
            "#b3bcc6",
            tuple(hover(r, objective) for r in drawn),
            size=6,
            edge="white",
        )


def _bars(
    records: Sequence[TrialRecord], objective: Objective, name: str, scale: Scale, y: Axis
) -> Iterator[Lines]:
    buckets: dict[int, list[TrialRecord]] = {}
    edges = _edges(scale, len(records))
    for record in records:
        at = _bucket(scale.coordinate(record.params[name]), edges)
        buckets.setdefault(at, []).append(record)
    paths, texts = [], []
    for at, held in sorted(buckets.items()):
        best = best_of(held, objective)
        assert best is not None
        value = placed(best, y.limits, objective)
        paths.append((_inset(edges[at], edges[at + 1], scale), (value, value)))
        texts.append(f"{hover(best, objective)}<br>best of {count(len(held), 'trial')} here")
    if paths:
        yield Lines("best of its bucket", tuple(paths), OUTLINE, width=5, hover=tuple(texts))


def _edges(scale: Scale, trials: int) -> list[float]:
    """Ends of the buckets, ascending: around each choice, or evenly over the axis."""
    if scale.choices:
        return _around([scale.coordinate(choice) for choice in scale.choices], scale)
    n = max(2, min(_BUCKETS, trials // _EACH))
    return [scale.value(i / n) for i in range(n + 1)]


def _around(at: list[float], scale: Scale) -> list[float]:
    """Half-way between neighbours on the axis; names have no logarithmic scale."""
    places = [math.log(x) if scale.log else x for x in at]
    middles = [(a + b) / 2 for a, b in pairwise(places)]
    # as far beyond the first and the last as the axis goes
    half = 0.45 if scale.nominal else _END * (places[-1] - places[0])
    ends = [places[0] - half, *middles, places[-1] + half]
    return [math.exp(x) if scale.log else x for x in ends]


def _bucket(coordinate: float, edges: list[float]) -> int:
    inner = edges[1:-1]
    return sum(coordinate >= edge for edge in inner)


def _inset(low: float, high: float, scale: Scale) -> tuple[float, float]:
    """A bar a little narrower than its bucket, so that neighbours do not touch."""
    if scale.log:
        gap = (high / low) ** 0.08
        return low * gap, high / gap
    gap = 0.08 * (high - low)
    return low + gap, high - gap


def _best(
    records: Sequence[TrialRecord], objective: Objective, name: str, scale: Scale, y: Axis
) -> Iterator[Points]:
    """The sweep's best trial; nowhere where the parameter did not apply to it."""
    best = best_of(records, objective)
    if best is not None and name in best.params:
        at = (scale.coordinate(best.params[name]),), (placed(best, y.limits, objective),)
        text = (hover(best, objective),)
        yield Points(f"best: trial {best.number}", *at, "star", BEST, text, size=15)
