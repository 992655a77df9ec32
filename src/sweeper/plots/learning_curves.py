"""The objective over the epochs of every trial, by outcome."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from sweeper.charts.chart import Axis, Chart, Lines, Mark, Panel, Points
from sweeper.charts.style import BAD, BEST, GREY, RAMP
from sweeper.plots._axes import spans_decades
from sweeper.plots._outcomes import DIVERGED, FINISHED, STOPPED, TIMED_OUT, best_of, hover, thinned
from sweeper.words import labelled, measured

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sweeper.config import Objective, ParamSpec
    from sweeper.records import TrialRecord

__all__ = ["learning_curves"]

_MOST = 150  # curves of one outcome; more cannot be told apart
Curve = tuple[tuple[float, ...], tuple[float, ...]]


def learning_curves(
    records: Sequence[TrialRecord],
    objective: Objective,
    space: Mapping[str, ParamSpec],  # noqa: ARG001
) -> Chart:
    """One line a trial; the best trial's is thick, a cross ends those that diverged."""
    curves = {r.number: _curve(r, objective.metric) for r in records}
    seen = [r for r in records if curves[r.number][0]]
    if not seen:
        return Chart("Learning curves", (), note="No epoch has been reported.")
    best = best_of(seen, objective)
    marks: list[Mark] = list(_lines(seen, objective, curves))
    marks += _crosses(seen, curves)
    if best is not None:
        label = f"best: trial {best.number}, {measured(objective.metric, best.value)}"
        text = (hover(best, objective),)
        marks.append(Lines(label, (curves[best.number],), BEST, width=3, hover=text))
    epochs = max(r.epoch for r in seen)
    panel = Panel(
        _epoch_axis(epochs),
        _value_axis([curves[r.number] for r in seen], objective),
        tuple(marks),
    )
    return Chart("Learning curves", (panel,), note=_note(seen, objective))


def _curve(record: TrialRecord, metric: str) -> Curve:
    known = [(float(r.epoch), r.metrics[metric]) for r in record.reports if metric in r.metrics]
    finite = [(epoch, value) for epoch, value in known if math.isfinite(value)]
    return tuple(epoch for epoch, _ in finite), tuple(value for _, value in finite)


def _lines(
    seen: Sequence[TrialRecord], objective: Objective, curves: Mapping[int, Curve]
) -> Iterator[Lines]:
    looks = [
        (STOPPED, GREY, 1.0, 0.55),
        (TIMED_OUT, TIMED_OUT.colour, 1.0, 0.55),
        (DIVERGED, BAD, 1.4, 0.9),
        (FINISHED, RAMP[3], 1.3, 0.65),
    ]
    for outcome, colour, width, opacity in looks:
        trials = [r for r in seen if r.state is outcome.state]
        drawn = thinned(trials, _MOST)
        if drawn:
            yield Lines(
                f"{outcome.name} ({len(trials):,})",
                tuple(_seen_alone(curves[r.number]) for r in drawn),
                colour,
                width,
                opacity,
                hover=tuple(hover(r, objective) for r in drawn),
            )


def _seen_alone(curve: Curve) -> Curve:
    """A curve of one epoch drawn as a short dash, since a line needs two points."""
    x, y = curve
    return ((x[0] - 0.15, x[0] + 0.15), (y[0], y[0])) if len(x) == 1 else curve


def _crosses(seen: Sequence[TrialRecord], curves: Mapping[int, Curve]) -> Iterator[Points]:
    ends = [curves[r.number] for r in thinned(seen) if r.state is DIVERGED.state]
    if ends:
        x, y = tuple(c[0][-1] for c in ends), tuple(c[1][-1] for c in ends)
        yield Points("", x, y, "cross", BAD, size=8)


def _epoch_axis(epochs: int) -> Axis:
    step = max(1, round(epochs / 12))
    ticks = {float(epoch): str(epoch) for epoch in range(step, epochs + 1, step)}
    return Axis("epoch", (1 - 0.02 * epochs - 0.2, epochs + 0.02 * epochs + 0.2), ticks=ticks)


def _value_axis(curves: Sequence[Curve], objective: Objective) -> Axis:
    """Logarithmic for positive values over more than a decade: else the last epochs look flat."""
    low, high = _limits(curves, objective)
    values = [value for _, ys in curves for value in ys]
    label = labelled(objective.metric)
    if "loss" in objective.metric and spans_decades(values):
        return Axis(f"{label}, log scale", (min(values) / 1.1, max(high, min(values))), log=True)
    return Axis(label, (low, high))


def _limits(curves: Sequence[Curve], objective: Objective) -> tuple[float, float]:
    """From the best value to where the middle trial began; below that lines leave the plot."""
    values = [value for _, ys in curves for value in ys]
    sign = 1.0 if objective.direction == "maximize" else -1.0
    best, worst = max(values, key=lambda v: sign * v), min(values, key=lambda v: sign * v)
    start = median([ys[0] for _, ys in curves])
    bound = start - 0.5 * (best - start)
    worst = max(worst, bound) if sign > 0 else min(worst, bound)
    margin = 0.05 * abs(best - worst) or 0.5
    return min(best, worst) - margin, max(best, worst) + margin


def _note(seen: Sequence[TrialRecord], objective: Objective) -> str:
    better = "higher" if objective.direction == "maximize" else "lower"
    return f"{len(seen):,} trials with at least one epoch; {better} is better."
