"""How the sweep went on: every trial in order, and the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.charts.chart import Axis, Chart, Lines, Mark, Panel
from sweeper.charts.style import RAMP
from sweeper.plots._axes import objective_axis
from sweeper.plots._outcomes import finished, points
from sweeper.plots._rim import beyond, note, placed
from sweeper.words import measured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweeper.config import Objective, ParamSpec
    from sweeper.records import TrialRecord

__all__ = ["history"]


def history(
    records: Sequence[TrialRecord],
    objective: Objective,
    space: Mapping[str, ParamSpec],  # noqa: ARG001
) -> Chart:
    """The objective by trial number; stopped trials at the value they had, failures at the rim."""
    y = objective_axis(records, objective)
    marks: list[Mark] = list(
        points(
            records,
            objective,
            lambda r: (r.number, placed(r, y.limits, objective)),
            beyond=lambda r: beyond(r, y),
        )
    )
    best = _best_so_far(records, objective)
    if not marks:
        return Chart("History", (), note="No trial has ended.")
    if best:
        last = max(r.number for r in records)
        xs, ys = (*(n for n, _ in best), last), (*(v for _, v in best), best[-1][1])
        marks.insert(0, Lines("best so far", ((xs, ys),), RAMP[3], width=2.5, steps=True))
    span = max(r.number for r in records) + 1
    x = Axis("trial number", (-0.03 * span - 0.5, 1.03 * span - 0.5))
    return Chart(
        "How the search went",
        (Panel(x, y, tuple(marks)),),
        note=_note(best, objective) + note(records, y),
    )


def _best_so_far(records: Sequence[TrialRecord], objective: Objective) -> list[tuple[float, float]]:
    """Trial number and value of each finished trial that was better than all before it."""
    sign = 1.0 if objective.direction == "maximize" else -1.0
    best: list[tuple[float, float]] = []
    for record in sorted(finished(records), key=lambda r: r.number):
        value = record.value or 0.0
        if not best or sign * value > sign * best[-1][1]:
            best.append((record.number, value))
    return best


def _note(best: Sequence[tuple[float, float]], objective: Objective) -> str:
    if not best:
        return "No trial has finished."
    number, value = best[-1]
    return f"Best {objective.metric} {measured(objective.metric, value)}, found by trial {number}."
