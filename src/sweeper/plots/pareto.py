"""What each further objective costs the first: all finished trials, and the Pareto front."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from sweeper.charts.chart import Axis, Chart, Labels, Lines, Mark, Panel, Points
from sweeper.charts.style import INK, RAMP
from sweeper.pareto import is_on_front, valued
from sweeper.plots._axes import RIM
from sweeper.words import count, labelled, measured, settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweeper.config import Aim, Objective
    from sweeper.records import TrialRecord

__all__ = ["pareto"]

_PALE = "#c6ccd3"
_MOST_NAMED = 12  # trials of the front whose numbers stand beside them
_NOTE = "Finished trials, by number on the front. Values far from it stand at the edge."

Valued = tuple["TrialRecord", tuple[float, ...]]
Path = tuple[tuple[float, ...], tuple[float, ...]]


def pareto(records: Sequence[TrialRecord], objective: Objective) -> Chart:
    """The first objective over each of the others; the front as a line where there are two."""
    title = "Pareto front"
    if not objective.also:
        return Chart(title, (), note="There is one objective: nothing is traded.")
    known = valued(records, objective)
    if not known:
        return Chart(title, (), note="No trial has finished.")
    on = is_on_front([v for _, v in known], [aim.direction for aim in objective.aims])
    front = [one for one, stays in zip(known, on, strict=True) if stays]
    rest = [one for one, stays in zip(known, on, strict=True) if not stays]
    panels = tuple(_panel(front, rest, objective.aims, i) for i in range(1, len(objective.aims)))
    names = " and ".join(aim.metric for aim in objective.aims[1:])
    verb = "costs" if len(objective.also) == 1 else "cost"
    return Chart(f"{title}: what {names} {verb} {objective.metric}", panels, note=_NOTE)


def _panel(
    front: Sequence[Valued], rest: Sequence[Valued], aims: Sequence[Aim], place: int
) -> Panel:
    x, y = _axis(front, rest, aims, place), _axis(front, rest, aims, 0)
    marks: list[Mark] = []
    if rest:
        marks.append(_points("dominated", rest, aims, (x, y), place))
    if len(aims) == 2:
        marks.append(Lines("front", (_stairs(front, aims, x, y),), RAMP[2], width=2.0))
    marks.append(_points("on the front", front, aims, (x, y), place, on_front=True))
    if len(front) <= _MOST_NAMED:
        at = tuple(values[place] for _, values in front)
        texts = tuple(str(record.number) for record, _ in front)
        marks.append(Labels(at, tuple(values[0] for _, values in front), texts))
    return Panel(x, y, tuple(marks))


def _axis(front: Sequence[Valued], rest: Sequence[Valued], aims: Sequence[Aim], place: int) -> Axis:
    """Holds the front; what is further from it than the front is long stands at the edge."""
    held, others = ([values[place] for _, values in trials] for trials in (front, rest))
    low, high = min(held + others), max(held + others)
    if span := max(held) - min(held):
        low, high = max(low, min(held) - span), min(high, max(held) + span)
    margin = RIM * (high - low) or 0.5
    aim = aims[place]
    better = "more" if aim.direction == "maximize" else "less"
    return Axis(f"{labelled(aim.metric)}, {better} is better", (low - margin, high + margin))


def _points(
    name: str,
    trials: Sequence[Valued],
    aims: Sequence[Aim],
    axes: tuple[Axis, Axis],
    place: int,
    *,
    on_front: bool = False,
) -> Points:
    return Points(
        f"{name} ({count(len(trials), 'trial')})",
        tuple(_kept(values[place], axes[0]) for _, values in trials),
        tuple(_kept(values[0], axes[1]) for _, values in trials),
        "dot",
        RAMP[2] if on_front else _PALE,
        tuple(_hover(record, values, aims) for record, values in trials),
        size=11.0 if on_front else 8.0,
        edge=INK if on_front else _PALE,
    )


def _kept(value: float, axis: Axis) -> float:
    assert axis.limits is not None
    return min(max(value, axis.limits[0]), axis.limits[1])


def _hover(record: TrialRecord, values: Sequence[float], aims: Sequence[Aim]) -> str:
    found = (f"{a.metric} {measured(a.metric, v)}" for a, v in zip(aims, values, strict=True))
    return "<br>".join([f"<b>trial {record.number}</b>", *found, escape(settings(record.params))])


def _stairs(front: Sequence[Valued], aims: Sequence[Aim], x: Axis, y: Axis) -> Path:
    """The edge of what the front dominates, from end to end of the axes."""
    worst_x, worst_y = _worst(x, aims[1]), _worst(y, aims[0])
    # from the best in y, which is the worst in x, on
    places = sorted(
        ((values[1], values[0]) for _, values in front), reverse=aims[1].direction == "minimize"
    )
    corners = [(worst_x, places[0][1])]
    for (at, height), (_, below) in pairwise([*places, (worst_x, worst_y)]):
        corners += [(at, height), (at, below)]
    return tuple(at for at, _ in corners), tuple(at for _, at in corners)


def _worst(axis: Axis, aim: Aim) -> float:
    assert axis.limits is not None
    return axis.limits[0 if aim.direction == "maximize" else 1]
