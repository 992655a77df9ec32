"""Every trial as a line through its parameters to its result."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.charts.parallel import ABSENT, ParallelAxis, ParallelChart, ParallelLine
from sweeper.charts.style import BAD
from sweeper.plots._axes import colours, objective_axis, scales, ticks
from sweeper.plots._outcomes import FINISHED, OUTCOMES, of, thinned
from sweeper.plots._rim import beyond, placed
from sweeper.region.scale import Scale
from sweeper.words import figure, labelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sweeper.charts.chart import Axis
    from sweeper.config import Objective, ParamSpec
    from sweeper.records import TrialRecord

__all__ = ["parallel_coordinates"]

_MOST = 250  # lines of one outcome; more cannot be told apart
_TICK_HEIGHT = 0.04  # of the axis
_GROUPS = (("stopped early", "#c9d0d8"), ("failed to train", BAD))


def parallel_coordinates(
    records: Sequence[TrialRecord], objective: Objective, space: Mapping[str, ParamSpec]
) -> ParallelChart:
    """Finished trials coloured by the objective, over the stopped and the diverged ones.

    A line without a value on an axis (a conditional parameter that did not apply, a diverged
    trial's objective) passes below it.
    """
    found = scales(space)
    y = objective_axis(records, objective)
    assert y.limits is not None
    goal = Scale(*y.limits)
    shades = colours(records, objective)
    shade = Scale(shades.low, shades.high)
    axes = [ParallelAxis(name, _ticks(scale, "not used")) for name, scale in found.items()]
    edge = _edge(records, objective, y)
    axes.append(ParallelAxis(labelled(objective.metric), _goal_ticks(goal, edge)))
    lines = tuple(_lines(records, objective, found, goal, shade)) if found else ()
    groups = sorted({line.group for line in lines if line.value is None})
    lines = tuple(
        replace(line, group=groups.index(line.group)) if line.value is None else line
        for line in lines
    )
    return ParallelChart(
        title=f"All trials: parameters and {objective.metric}",
        axes=tuple(axes),
        lines=lines,
        groups=tuple(_GROUPS[group] for group in groups),
        values=_colour_ticks(shade, objective),
        label=labelled(objective.metric),
        note="Dark lines are the best trials. In the report, drag along an axis to keep a range."
        + (f" Lines to '{next(iter(edge.values()))}' leave the axis." if edge else "")
        if lines
        else "No trial has ended.",
    )


def _edge(records: Sequence[TrialRecord], objective: Objective, y: Axis) -> dict[float, str]:
    """Where values beyond the objective's axis stand, and what is written there."""
    outside = next((r for r in records if beyond(r, y)), None)
    if outside is None or y.limits is None:
        return {}
    low, high = y.limits
    below = beyond(outside, y) == "down"
    text = f"{'below' if below else 'above'} {figure(objective.metric, low if below else high)}"
    return {Scale(low, high).position(placed(outside, y.limits, objective)): text}


def _goal_ticks(goal: Scale, edge: Mapping[float, str]) -> dict[float, str]:
    """The ticks of the objective, but those that would be written over ``edge``."""
    free = {
        at: text
        for at, text in _ticks(goal, "no value").items()
        if all(abs(at - place) > _TICK_HEIGHT for place in edge)
    }
    return free | dict(edge)


def _lines(
    records: Sequence[TrialRecord],
    objective: Objective,
    found: Mapping[str, Scale],
    goal: Scale,
    shade: Scale,
) -> Iterator[ParallelLine]:
    """Drawing order: stopped, failed, finished from worst to best."""
    for outcome in OUTCOMES:
        seen = of(records, outcome)
        if outcome is FINISHED:
            seen.sort(key=lambda r: _goodness(r, objective, shade), reverse=True)
        for record in reversed(thinned(seen, _MOST)):
            places = _places(record, objective, found, goal)
            if outcome is FINISHED:
                yield ParallelLine(places, _goodness(record, objective, shade))
            else:
                yield ParallelLine(places, group=int(outcome.state.infeasible))


def _places(
    record: TrialRecord, objective: Objective, found: Mapping[str, Scale], goal: Scale
) -> tuple[float, ...]:
    at = [
        scale.position(record.params[name]) if name in record.params else ABSENT
        for name, scale in found.items()
    ]
    return (
        *at,
        ABSENT if record.value is None else goal.position(_inside(record, goal, objective)),
    )


def _inside(record: TrialRecord, goal: Scale, objective: Objective) -> float:
    return placed(record, (goal.low, goal.high), objective)


def _goodness(record: TrialRecord, objective: Objective, shade: Scale) -> float:
    """0 at the bad end of the colour scale and beyond it, 1 at the good end."""
    at = min(max(shade.position(record.value or 0.0), 0.0), 1.0)
    return at if objective.direction == "maximize" else 1 - at


def _ticks(scale: Scale, absent: str) -> dict[float, str]:
    marks = ticks(scale)
    if scale.nominal:
        at = {i / max(len(marks) - 1, 1): text for i, text in enumerate(marks.values())}
    else:
        at = {scale.position(x): text for x, text in marks.items()}
    return {ABSENT: absent} | at


def _colour_ticks(shade: Scale, objective: Objective) -> dict[float, str]:
    at = {shade.position(x): text for x, text in ticks(shade).items()}
    return at if objective.direction == "maximize" else {1 - x: text for x, text in at.items()}
