"""The objective over lr for each batch size, as the surrogate expects it, with its band."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.charts.chart import Axis, Band, Chart, Lines, Mark, Panel, Points
from sweeper.charts.style import BAD, GREY, INK, OUTLINE, PROBABILITY
from sweeper.plots._axes import objective_axis, param_axis, scales
from sweeper.plots._outcomes import DIVERGED, finished, hover, of, thinned
from sweeper.plots._rim import placed
from sweeper.region import thin_words
from sweeper.words import roughly

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sweeper.config import Objective, ParamSpec
    from sweeper.records import ParamValue, TrialRecord
    from sweeper.region import Map, Region, Row

__all__ = ["profile"]

_MOST = 8  # panels
_MOST_POINTS = 300  # of a panel


def profile(
    records: Sequence[TrialRecord],
    objective: Objective,
    space: Mapping[str, ParamSpec],
    region: Region,
) -> Chart:
    """One panel for each batch size, all with the same axes.

    Band: 90% of what the objective over seeds may be, the other parameters at their best; shaded:
    the lr interval. Dots are finished trials, grey where other choices than the best were drawn.
    """
    title = f"{objective.metric} over {region.lr or 'lr'}"
    if region.map is None or region.lr is None:
        why = thin_words(region) if region.lr else "No lr is searched."
        return Chart(title, (), note=why)
    y = objective_axis(finished(records), objective)
    x = param_axis(region.lr, scales(space)[region.lr])
    shown = [
        (row, tuple(_marks(records, objective, region, region.map, row, y)))
        for row in _spread(region.rows)
    ]
    panels = tuple(Panel(x, y, marks, _name(region, row)) for row, marks in shown)
    each = f" for each {region.batch_size}" if region.batch_size else ""
    return Chart(f"{title}{each}", panels, note=_note(region))


def _spread(rows: Sequence[Row]) -> Sequence[Row]:
    """At most so many, evenly spread, first and last included."""
    if len(rows) <= _MOST:
        return rows
    return [rows[round(i * (len(rows) - 1) / (_MOST - 1))] for i in range(_MOST)]


def _name(region: Region, row: Row) -> str:
    use = " (recommended)" if row == region.recommended else ""
    return f"{region.batch_size} {row.label}{use}" if row.batch_sizes else ""


def _marks(
    records: Sequence[TrialRecord],
    objective: Objective,
    region: Region,
    found: Map,
    row: Row,
    y: Axis,
) -> Iterator[Mark]:
    assert y.limits is not None
    low, high = y.limits
    if region.evidence.enough and row.interval:
        ends = row.interval.low, row.interval.high
        yield Band("lr interval", ends, (low, low), (high, high), PROBABILITY[2], 0.6)
    line = _line(found, row)
    yield Band("90% interval", found.lr, found.low[line], found.high[line], GREY, 0.35)
    best = _best_expected(found, objective)
    if region.tolerance is not None:
        near = best - region.tolerance * (1 if objective.direction == "maximize" else -1)
        name = f"near-optimal: within {roughly(region.metric, region.tolerance)} of the best"
        yield Lines(name, (((found.lr[0], found.lr[-1]), (near, near)),), OUTLINE, 1.3, dashed=True)
    yield Lines(
        f"expected {objective.metric}", ((found.lr, found.expected[line]),), OUTLINE, width=2.2
    )
    yield from _trials(records, objective, region, row, y)


def _best_expected(found: Map, objective: Objective) -> float:
    values = [value for row in found.expected for value in row]
    return max(values) if objective.direction == "maximize" else min(values)


def _line(found: Map, row: Row) -> int:
    """The line of the grid nearest to the row's middle batch size."""
    if not row.batch_sizes or not found.batch_sizes:
        return 0
    middle = float(row.batch_sizes[len(row.batch_sizes) // 2])
    sizes = [float(size) for size in found.batch_sizes]
    return min(range(len(sizes)), key=lambda i: abs(sizes[i] - middle))


def _trials(
    records: Sequence[TrialRecord], objective: Objective, region: Region, row: Row, y: Axis
) -> Iterator[Points]:
    here = [r for r in records if _in_row(r, region, row)]
    done = thinned(finished(here), _MOST_POINTS)
    same = [r for r in done if _as_centre(r, region)]
    others = [r for r in done if not _as_centre(r, region)]
    if others:
        yield _dots("finished, with other choices", others, objective, region, y, "#b3bcc6")
    if same:
        yield _dots("finished trial", same, objective, region, y, INK)
    bad = thinned(of(here, DIVERGED), _MOST_POINTS)
    if bad:
        yield replace(_dots("diverged", bad, objective, region, y, BAD), symbol="cross")


def _dots(
    label: str,
    records: Sequence[TrialRecord],
    objective: Objective,
    region: Region,
    y: Axis,
    colour: str,
) -> Points:
    assert region.lr is not None
    return Points(
        label,
        tuple(float(r.params[region.lr]) for r in records),
        tuple(placed(r, y.limits, objective) for r in records),
        "dot",
        colour,
        tuple(hover(r, objective) for r in records),
        size=8,
        edge="white",
    )


def _in_row(record: TrialRecord, region: Region, row: Row) -> bool:
    if region.lr not in record.params:
        return False
    if not row.batch_sizes or region.batch_size is None:
        return True
    first, last = float(row.batch_sizes[0]), float(row.batch_sizes[-1])
    return first <= float(record.params.get(region.batch_size, -1)) <= last


def _as_centre(record: TrialRecord, region: Region) -> bool:
    """Whether its choices by name are those of the recommended centre."""
    wanted: Mapping[str, ParamValue] = region.centre.params if region.centre else {}
    named = {r.name for r in region.ranges if r.choices} - {region.batch_size}
    return all(record.params.get(name) == wanted.get(name) for name in named)


def _note(region: Region) -> str:
    if not region.evidence.enough:
        return thin_words(region)
    return "Line: what to expect from a full training, the other parameters at their best."
