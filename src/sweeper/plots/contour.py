"""The map of the search: where it worked, where it broke, and where the good region is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.charts.chart import Chart, Colours, Field, Labels, Lines, Mark, Panel, Points
from sweeper.charts.style import BEST, CENTRE, INK, PROBABILITY, UNSURE
from sweeper.plots._axes import colours, param_axis, scales
from sweeper.plots._outcomes import FINISHED, STOPPED, best_of, hover, points
from sweeper.plots._surface import outline, ridge, shading
from sweeper.plots._valley import valley
from sweeper.region import interval_words, thin_words
from sweeper.region.scale import BATCH_SIZE, LR, Scale, find
from sweeper.words import measured, number, roughly

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sweeper.config import Objective, ParamSpec
    from sweeper.records import TrialRecord
    from sweeper.region import Interval, Map, Region

__all__ = ["contour"]

_LIFT = 14.0  # pixels
_TOP = 0.9  # of the axis
_MOST_INTERVALS = 10  # more bars and their texts hide each other


def contour(
    records: Sequence[TrialRecord],
    objective: Objective,
    space: Mapping[str, ParamSpec],
    region: Region,
) -> Chart:
    """Every trial at its lr and batch size (else the first two searched parameters).

    Shaded by the probability of being near-optimal, with the region's outline, its lr interval for
    each batch size and its centre where the evidence carries them. Where there is no such map,
    finished trials are coloured by the objective, over a smooth fit to them.
    """
    found = scales(space)
    axes = _choose(found, space)
    if axes is None:
        return Chart("Map", (), note="A map needs two searched parameters.")
    x, y = axes
    marks: tuple[Mark, ...]
    if region.map is not None and axes == (region.lr, region.batch_size):
        marks = tuple(_answer(records, objective, region, region.map, (found[x], found[y])))
        shades = _probability(region)
    else:
        marks = tuple(_trials(records, objective, found, x, y))
        shades = colours(records, objective)
    panel = Panel(param_axis(x, found[x]), param_axis(y, found[y]), marks)
    title = f"Where {objective.metric} is best: {x} and {y}"
    return Chart(title, (panel,), shades, _note(region, others=len(found) > len(axes)))


def _choose(found: Mapping[str, Scale], space: Mapping[str, ParamSpec]) -> tuple[str, str] | None:
    """lr and batch size first, then other numbers, then names."""
    first = [name for name in (find(space, LR), find(space, BATCH_SIZE)) if name]
    numbers = [name for name, scale in found.items() if not scale.nominal]
    order = list(dict.fromkeys([*first, *numbers, *found]))
    return (order[0], order[1]) if len(order) > 1 else None


def _probability(region: Region) -> Colours:
    share = {at / 4: f"{25 * at}%" for at in range(5)}
    label = f"probability: within {roughly(region.metric, region.tolerance)} of the best"
    ramp = PROBABILITY if region.evidence.enough else UNSURE
    return Colours(label, 0.0, 1.0, high_is_best=True, ramp=ramp, ticks=share)


def _answer(
    records: Sequence[TrialRecord],
    objective: Objective,
    region: Region,
    found: Map,
    scale: tuple[Scale, Scale],
) -> Iterator[Mark]:
    """What the surrogate says, under the trials; without enough evidence only its shading."""
    assert region.lr is not None
    assert region.batch_size is not None
    enough = region.evidence.enough
    named = dict(zip((region.lr, region.batch_size), scale, strict=True))
    yield shading(found, region.slope, *scale)
    if enough:
        yield outline(found, region.slope, *scale)
        line = ridge(region, *scale)
        yield from [line] if line else []
        yield from _intervals(region)
    for mark in points(records, objective, lambda r: _place(r, named, *named)):
        yield _quieter(mark)
    if enough:
        yield from _interval_words(region, scale[1])
        yield from _centre(region)
    yield from _best(records, objective, named, *named)


def _quieter(mark: Points) -> Points:
    """Trials on the shading: finished ones stand out, stopped ones do not."""
    if mark.label.startswith(STOPPED.name):
        return replace(mark, size=6.5)
    return replace(mark, edge="white", size=8.5) if mark.label.startswith(FINISHED.name) else mark


def _intervals(region: Region) -> Iterator[Lines]:
    bars = [
        ((interval.low, interval.high), (size, size)) for size, interval, _ in _rows_with(region)
    ]
    if bars:
        yield Lines(f"{region.lr} interval for each {region.batch_size}", tuple(bars), INK, 4.5)


def _interval_words(region: Region, y: Scale) -> Iterator[Labels]:
    """Over their bars, under those at the upper end of the axis; the recommended one in bold."""
    for size, interval, chosen in _rows_with(region):
        at = (_middle(interval.low, interval.high),), (size,)
        text = f"{'use ' * chosen}{interval_words(interval)}"
        lift = -_LIFT if y.position(size) > _TOP else _LIFT
        yield Labels(*at, (text,), lift=lift, bold=chosen)


def _rows_with(region: Region) -> list[tuple[float, Interval, bool]]:
    """Batch size, interval, and whether it is the recommended one."""
    known = [
        (float(row.batch_sizes[len(row.batch_sizes) // 2]), row.interval, row == region.recommended)
        for row in region.rows
        if row.interval
    ]
    step = -(-len(known) // _MOST_INTERVALS) or 1
    return [entry for i, entry in enumerate(known) if i % step == 0 or entry[2]]


def _middle(low: float, high: float) -> float:
    return float((low * high) ** 0.5) if low > 0 else (low + high) / 2


def _centre(region: Region) -> Iterator[Points]:
    if region.centre is None or region.lr is None or region.batch_size is None:
        return
    lr, batch = region.centre.params[region.lr], region.centre.params[region.batch_size]
    words = f"{region.lr} {number(lr, 2)}, {region.batch_size} {number(batch)}"
    label = f"use: {words}"
    text = f"<b>recommended</b><br>{words}"
    yield Points(label, (float(lr),), (float(batch),), "diamond", CENTRE, (text,), size=16)


def _place(
    record: TrialRecord, found: Mapping[str, Scale], x: str, y: str
) -> tuple[float, float] | None:
    if x not in record.params or y not in record.params:
        return None
    return found[x].coordinate(record.params[x]), found[y].coordinate(record.params[y])


def _trials(
    records: Sequence[TrialRecord],
    objective: Objective,
    found: Mapping[str, Scale],
    x: str,
    y: str,
) -> Iterator[Mark]:
    """Without a map: finished trials by colour, over a smooth fit to them."""
    field = _valley(records, objective, found, x, y)
    yield from [field] if field else []
    yield from points(records, objective, lambda r: _place(r, found, x, y), valued=True)
    yield from _best(records, objective, found, x, y)


def _valley(
    records: Sequence[TrialRecord],
    objective: Objective,
    found: Mapping[str, Scale],
    x: str,
    y: str,
) -> Field | None:
    if found[x].nominal or found[y].nominal:
        return None
    placed = [r for r in records if x in r.params and y in r.params]
    return valley(placed, objective, (x, found[x]), (y, found[y]))


def _best(
    records: Sequence[TrialRecord],
    objective: Objective,
    found: Mapping[str, Scale],
    x: str,
    y: str,
) -> Iterator[Points]:
    best = best_of(records, objective)
    place = _place(best, found, x, y) if best else None
    if best is not None and place is not None:
        label = f"best: trial {best.number}, {measured(objective.metric, best.value)}"
        text = hover(best, objective)
        yield Points(label, (place[0],), (place[1],), "star", BEST, (text,), size=15)


def _note(region: Region, *, others: bool) -> str:
    if region.best is None:
        return "No trial has finished."
    if region.recommended is None:
        return thin_words(region)
    row = region.recommended
    batch = f" with {region.batch_size} {row.label}" if row.batch_sizes else ""
    use = f"Use {region.lr} {interval_words(row.interval)}{batch}."
    best = ", other parameters at their best" if others else ""
    return f"{use} The darker, the likelier as good as the best{best}."
