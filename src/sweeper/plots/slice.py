"""The objective against each searched parameter, one panel each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sweeper.charts.chart import Axis, Chart, Mark, Panel, Points
from sweeper.charts.style import BEST
from sweeper.plots._axes import objective_axis, param_axis, scales
from sweeper.plots._outcomes import best_of, hover, points
from sweeper.plots._rim import beyond, note, placed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sweeper.config import Objective, ParamSpec
    from sweeper.records import TrialRecord
    from sweeper.region.scale import Scale

__all__ = ["slices"]

_MOST_PANELS = 12


def slices(
    records: Sequence[TrialRecord], objective: Objective, space: Mapping[str, ParamSpec]
) -> Chart:
    """Stopped trials stand at the value they had, diverged ones at the rim."""
    found = scales(space)
    ended = [r for r in records if r.state.ended]
    if not found or not ended:
        return Chart("Slices", (), note="No trial has ended." if found else "Nothing is searched.")
    y = objective_axis(records, objective)
    shown = list(found.items())[:_MOST_PANELS]
    panels = tuple(_panel(ended, objective, name, scale, y) for name, scale in shown)
    left_out = len(found) - len(shown)
    return Chart(
        f"{objective.metric} against each parameter",
        panels,
        note="Stopped trials show the value they had when they were stopped."
        + note(records, y)
        + (f" {left_out} more parameters are not shown." if left_out else ""),
    )


def _panel(
    records: Sequence[TrialRecord], objective: Objective, name: str, scale: Scale, y: Axis
) -> Panel:
    place = partial(_place, name=name, scale=scale, y=y, objective=objective)
    marks: list[Mark] = [
        *points(records, objective, place, counted=False, beyond=lambda r: beyond(r, y)),
        *_best(records, objective, place),
    ]
    return Panel(param_axis(name, scale), y, tuple(marks))


def _place(
    record: TrialRecord, *, name: str, scale: Scale, y: Axis, objective: Objective
) -> tuple[float, float] | None:
    if name not in record.params:
        return None
    return scale.coordinate(record.params[name]), placed(record, y.limits, objective)


def _best(
    records: Sequence[TrialRecord],
    objective: Objective,
    place: partial[tuple[float, float] | None],
) -> Iterator[Points]:
    best = best_of(records, objective)
    at = place(best) if best is not None else None
    if best is not None and at is not None:
        label = f"best: trial {best.number}"
        yield Points(label, (at[0],), (at[1],), "star", BEST, (hover(best, objective),), size=17)
