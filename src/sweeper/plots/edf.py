"""Which share of the finished trials reached a value: how easily good ones are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.charts.chart import Axis, Chart, Lines, Panel
from sweeper.charts.style import INK, RAMP
from sweeper.plots._axes import objective_axis, scales
from sweeper.plots._outcomes import finished
from sweeper.region.scale import BATCH_SIZE, find
from sweeper.words import listed, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sweeper.config import Objective, ParamSpec
    from sweeper.records import TrialRecord

__all__ = ["edf"]

_MOST_GROUPS = 6
_FEWEST = 3  # trials of a batch size whose distribution is drawn


def edf(
    records: Sequence[TrialRecord], objective: Objective, space: Mapping[str, ParamSpec]
) -> Chart:
    """The empirical distribution of the objective over finished trials, and for each batch size."""
    done = finished(records)
    if not done:
        return Chart("Distribution", (), note="No trial has finished.")
    x = objective_axis(done, objective)
    better = "at least" if objective.direction == "maximize" else "at most"
    y = Axis(f"share of trials with {better} this", (-0.03, 1.03))
    marks = (
        *_groups(done, objective, space, x),
        Lines(f"all finished ({len(done):,})", (_steps(done, objective, x),), INK, width=2.5),
    )
    return Chart(
        f"Distribution of {objective.metric}",
        (Panel(x, y, marks),),
        note=f"Further to the {_side(objective)} is better. Stopped trials are left out."
        + _left_out(done, space),
    )


def _side(objective: Objective) -> str:
    return "right" if objective.direction == "maximize" else "left"


def _groups(
    done: Sequence[TrialRecord],
    objective: Objective,
    space: Mapping[str, ParamSpec],
    x: Axis,
) -> Iterator[Lines]:
    groups = _by_batch_size(done, space)
    for i, (label, group) in enumerate(groups.items()):
        if len(group) >= _FEWEST:
            colour = RAMP[i * (len(RAMP) - 1) // (len(groups) - 1)]
            text = f"{label} ({len(group):,})"
            yield Lines(text, (_steps(group, objective, x),), colour, width=1.6)


def _by_batch_size(
    done: Sequence[TrialRecord], space: Mapping[str, ParamSpec]
) -> dict[str, list[TrialRecord]]:
    """The trials of each batch size by its words; empty where it has no few choices."""
    name = find(space, BATCH_SIZE)
    choices = scales(space)[name].choices if name else ()
    if name is None or not 1 < len(choices) <= _MOST_GROUPS:
        return {}
    return {f"{name} {number(c)}": [r for r in done if r.params.get(name) == c] for c in choices}


def _left_out(done: Sequence[TrialRecord], space: Mapping[str, ParamSpec]) -> str:
    groups, name = _by_batch_size(done, space), find(space, BATCH_SIZE)
    few = [label.split()[-1] for label, group in groups.items() if len(group) < _FEWEST]
    said = f" No curve for {name} {listed(few)}: fewer than {_FEWEST} trials finished."
    return said if few else ""


def _steps(
    group: Sequence[TrialRecord], objective: Objective, x: Axis
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Corners of the staircase over the whole axis."""
    assert x.limits is not None
    low, high = x.limits
    maximize = objective.direction == "maximize"
    values = sorted(min(max(r.value or 0.0, low), high) for r in group)
    xs, ys = [low], [1.0 if maximize else 0.0]
    for i, value in enumerate(values, start=1):
        share = i / len(values)
        xs += [value, value]
        ys += [ys[-1], 1 - share if maximize else share]
    return (*xs, high), (*ys, ys[-1])
