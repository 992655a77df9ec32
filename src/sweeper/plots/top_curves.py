"""How the best trials learned: objective, losses, and the loss of single steps, smoothed."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from sweeper.charts.chart import Axis, Chart, Lines, Panel
from sweeper.plots._axes import spans_decades
from sweeper.plots._outcomes import finished, hover
from sweeper.records import ranked
from sweeper.words import labelled, measured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sweeper.config import Objective, ParamSpec
    from sweeper.records import TrialRecord

__all__ = ["top_curves"]

_TOP = 5
_COLOURS = ("#ff2fb3", "#3b0f50", "#21918c", "#e08214", "#8a94a0")
_SMOOTHING = 0.6  # of MLflow's slider, and the least that the team's guide recommends
_MOST_POINTS = 400
_MARGIN = 0.05
_LOSSES = ("train_loss", "val_loss")
_PARTING = "Train and validation loss on one scale: where they part, the model overfits."

Curve = tuple[tuple[float, ...], tuple[float, ...]]


def top_curves(
    records: Sequence[TrialRecord],
    objective: Objective,
    space: Mapping[str, ParamSpec],  # noqa: ARG001
) -> Chart:
    """The five best finished trials in one colour each; where none has finished, of the others."""
    valued = [r for r in records if r.value is not None and r.reports]
    shown = ranked(finished(valued) or valued, objective.direction)[:_TOP]
    if not shown:
        return Chart("The best trials", (), note="No trial has a value yet.")
    metrics = dict.fromkeys([objective.metric, *_LOSSES])
    there = [m for m in metrics if any(m in report.metrics for r in shown for report in r.reports)]
    both = set(_LOSSES) <= set(there)
    losses = [v for r in shown for m in _LOSSES for v in _by_epoch(r, m)[1]] if both else []
    panels = [
        _panel(
            shown,
            objective,
            partial(_by_epoch, metric=m),
            "epoch",
            labelled(m),
            losses if m in _LOSSES else (),
        )
        for m in there
    ]
    if any(report.steps for r in shown for report in r.reports):
        label = f"training loss by step, smoothed {_SMOOTHING}"
        panels.append(_panel(shown, objective, _by_step, "step", label))
    return Chart(
        f"How the best {len(shown)} learned" if len(shown) > 1 else "How the best trial learned",
        tuple(panels),
        note=_PARTING if both else "",
    )


def _panel(
    shown: Sequence[TrialRecord],
    objective: Objective,
    curve_of: Callable[[TrialRecord], Curve],
    x: str,
    y: str,
    beside: Sequence[float] = (),
) -> Panel:
    """Curves of all trials; ``beside``: values that its axis shall reach, as another panel's."""
    curves = [curve_of(r) for r in shown]
    marks = tuple(
        Lines(
            f"trial {r.number}, {measured(objective.metric, r.value)}",
            (curve,),
            colour,
            width=1.8,
            hover=(hover(r, objective),),
        )
        for r, curve, colour in zip(shown, curves, _COLOURS, strict=False)
        if curve[0]
    )
    values = beside or [value for _, ys in curves for value in ys]
    log = "loss" in y and spans_decades(values)
    limits = _around(values, log) if beside else None
    return Panel(Axis(x), Axis(f"{y}, log scale" if log else y, limits, log=log), marks)


def _around(values: Sequence[float], log: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    if log:
        factor = (high / low) ** _MARGIN
        return low / factor, high * factor
    margin = _MARGIN * (high - low) or 0.5
    return low - margin, high + margin


def _by_epoch(record: TrialRecord, metric: str) -> Curve:
    known = [
        (float(r.epoch), r.metrics[metric])
        for r in record.reports
        if math.isfinite(r.metrics.get(metric, math.nan))
    ]
    return tuple(epoch for epoch, _ in known), tuple(value for _, value in known)


def _by_step(record: TrialRecord) -> Curve:
    steps = {step: loss for report in record.reports for step, loss in report.steps.items()}
    known = [(float(step), steps[step]) for step in sorted(steps) if math.isfinite(steps[step])]
    smooth = _smoothed([loss for _, loss in known])
    every = -(-len(known) // _MOST_POINTS) or 1
    return tuple(step for step, _ in known[::every]), tuple(smooth[::every])


def _smoothed(values: Sequence[float]) -> list[float]:
    """An exponential moving average that does not favour the first value."""
    average, weight, smooth = 0.0, 0.0, []
    for value in values:
        average = _SMOOTHING * average + (1 - _SMOOTHING) * value
        weight = _SMOOTHING * weight + (1 - _SMOOTHING)
        smooth.append(average / weight)
    return smooth
