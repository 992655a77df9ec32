"""The map of the search: where it worked, where it broke, and where the good region is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.charts.chart import Chart, Field, Lines, Mark, Panel, Points
from sweeper.charts.style import BEST, REGION
from sweeper.plots._axes import colours, param_axis, scales
from sweeper.plots._outcomes import best_of, hover, points
from sweeper.plots._valley import valley
from sweeper.region import interval_words, tied_region
from sweeper.region.scale import BATCH_SIZE, LR, Scale, find
from sweeper.words import measured

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sweeper.config import Objective, ParamSpec
    from sweeper.records import TrialRecord
    from sweeper.region import Region

__all__ = ["contour"]


def contour(
    records: Sequence[TrialRecord], objective: Objective, space: Mapping[str, ParamSpec]
) -> Chart:
    """Every trial at its lr and batch size (else the first two searched parameters).

    Finished trials are coloured by the objective. The shaded valley is a smooth fit to them (a
    Gaussian process), drawn only near finished trials; bars are the region's intervals.
    """
    found = scales(space)
    axes = _choose(found, space)
    if axes is None:
        return Chart("Map", (), note="A map needs two searched parameters.")
    x, y = axes
    region = tied_region(records, objective, space)
    marks: list[Mark] = [*_valley(records, objective, found, x, y)]
    marks += _intervals(region, x, y)
    marks += points(records, objective, lambda r: _place(r, found, x, y), valued=True)
    marks += _best(records, objective, found, x, y)
    panel = Panel(param_axis(x, found[x]), param_axis(y, found[y]), tuple(marks))
    title = f"Where {objective.metric} is best: {x} and {y}"
    return Chart(title, (panel,), colours(records, objective), _note(region))


def _choose(found: Mapping[str, Scale], space: Mapping[str, ParamSpec]) -> tuple[str, str] | None:
    """lr and batch size first, then other numbers, then names."""
    first = [name for name in (find(space, LR), find(space, BATCH_SIZE)) if name]
    numbers = [name for name, scale in found.items() if not scale.nominal]
    order = list(dict.fromkeys([*first, *numbers, *found]))
    return (order[0], order[1]) if len(order) > 1 else None


def _place(
    record: TrialRecord, found: Mapping[str, Scale], x: str, y: str
) -> tuple[float, float] | None:
    if x not in record.params or y not in record.params:
        return None
    return found[x].coordinate(record.params[x]), found[y].coordinate(record.params[y])


def _valley(
    records: Sequence[TrialRecord],
    objective: Objective,
    found: Mapping[str, Scale],
    x: str,
    y: str,
) -> Iterator[Field]:
    if found[x].nominal or found[y].nominal:
        return
    placed = [r for r in records if x in r.params and y in r.params]
    field = valley(placed, objective, (x, found[x]), (y, found[y]))
    if field is not None:
        yield field


def _intervals(region: Region, x: str, y: str) -> Iterator[Lines]:
    if (x, y) != (region.lr, region.batch_size):
        return
    known = [(row, row.interval) for row in region.rows if row.interval]
    paths = []
    for row, interval in known:
        middle = float(row.batch_sizes[len(row.batch_sizes) // 2])
        paths.append(((interval.low, interval.high), (middle, middle)))
    if paths:
        yield Lines(
            f"tied with the best (within {measured(region.metric, region.tolerance)})",
            tuple(paths),
            REGION,
            width=13,
            opacity=0.45,
        )


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
        yield Points(label, (place[0],), (place[1],), "star", BEST, (text,), size=19)


def _note(region: Region) -> str:
    if region.best is None:
        return "No trial has finished."
    if region.recommended is None:
        return "Not enough evidence for a region yet."
    row = region.recommended
    batch = f" at {region.batch_size} {row.label}" if row.batch_sizes else ""
    return f"Recommended: {region.lr} {interval_words(row.interval)}{batch}."
