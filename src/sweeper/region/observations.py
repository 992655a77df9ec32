"""Trial records as the arrays that the surrogate is fitted to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sweeper.config import Objective, ParamSpec
from sweeper.records import ParamValue, TrialRecord, TrialState
from sweeper.region.scale import Scale, scale_of

__all__ = ["Axes", "Observations", "axes_of", "observe"]

Array = np.ndarray[Any, Any]

_RUNGS = 6  # epochs of a curve that are looked at, on a logarithmic scale
_LEARNS = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.TIMED_OUT, TrialState.DIVERGED)


@dataclass(frozen=True, slots=True)
class Axes:
    """The searched parameters as coordinates from -1 to 1.

    Attributes:
        lr, batch_size: their names; None where not searched.
        others: the scales of all other searched parameters, by name.
        exponent_unit: multiplies a slope in coordinates (lr over batch size) to give the exponent
            of lr ~ batch_size ** exponent; None unless both axes are there and logarithmic.
    """

    lr: str | None
    batch_size: str | None
    scales: Mapping[str, Scale]

    @property
    def others(self) -> tuple[str, ...]:
        return tuple(name for name in self.scales if name not in (self.lr, self.batch_size))

    @property
    def exponent_unit(self) -> float | None:
        if self.lr is None or self.batch_size is None:
            return None
        lr, batch = self.scales[self.lr], self.scales[self.batch_size]
        if not (lr.log and batch.log):
            return None
        return math.log(lr.high / lr.low) / math.log(batch.high / batch.low)

    def coordinate(self, name: str | None, value: ParamValue | None) -> float:
        """-1 to 1; 0 for a parameter that is not there; of a name its index."""
        if name is None or value is None:
            return 0.0
        scale = self.scales[name]
        return float(scale.coordinate(value)) if scale.nominal else 2 * scale.position(value) - 1


@dataclass(frozen=True, slots=True)
class Observations:
    """One row for each looked-at epoch of each trial; lower values are better.

    Attributes:
        core: (rows, 2) coordinates of lr and batch size.
        others: (rows, others) coordinates of the other parameters, NaN where one is absent.
        nominal: for each other parameter, whether its coordinates are names' indices.
        left: (rows,) how far the epoch is from the last one, 1 at the start to 0, in log epochs.
        value: (rows,) best objective so far; NaN where the trial diverged, at ``left`` 0.
        trial: (rows,) index of the trial.
        final: (rows,) whether it is a finished trial's value.
        weight: (rows,) how many trials the row is the mean of.
        numbers: trial numbers by index.
        sign: -1 where the objective is maximised: ``value = sign * objective``.
    """

    core: Array
    others: Array
    nominal: tuple[bool, ...]
    left: Array
    value: Array
    trial: Array
    final: Array
    weight: Array
    numbers: tuple[int, ...]
    sign: float

    def ended(self) -> Observations:
        """Only the values of finished trials, and those that diverged."""
        return self.only(self.final | ~np.isfinite(self.value))

    def only(self, kept: Array) -> Observations:
        """Some of the rows."""
        rows = ("core", "others", "left", "value", "trial", "final", "weight")
        changes: dict[str, Any] = {name: getattr(self, name)[kept] for name in rows}
        return replace(self, **changes)


def axes_of(space: Mapping[str, ParamSpec], lr: str | None, batch_size: str | None) -> Axes:
    """The axes of every parameter that can vary."""
    scales = {name: scale_of(spec) for name, spec in space.items()}
    return Axes(lr, batch_size, {name: scale for name, scale in scales.items() if scale})


def observe(records: Sequence[TrialRecord], objective: Objective, axes: Axes) -> Observations:
    """The rows of all trials that tell something of the objective."""
    told = [r for r in records if r.state in _LEARNS and not r.is_repeat and _placed(r, axes)]
    told.sort(key=lambda r: r.number)
    epochs = max((r.epoch for r in told), default=1)
    sign = -1.0 if objective.direction == "maximize" else 1.0
    rows = [
        (index, left, value, final)
        for index, record in enumerate(told)
        for left, value, final in _curve(record, objective.metric, sign, epochs)
    ]
    trial = np.array([row[0] for row in rows], int)
    core = [
        [axes.coordinate(n, r.params.get(n or "")) for n in (axes.lr, axes.batch_size)]
        for r in told
    ]
    others = [
        [axes.coordinate(n, r.params[n]) if n in r.params else math.nan for n in axes.others]
        for r in told
    ]
    return Observations(
        core=np.array(core, float).reshape(-1, 2)[trial],
        others=np.array(others, float).reshape(len(told), len(axes.others))[trial],
        nominal=tuple(axes.scales[name].nominal for name in axes.others),
        left=np.array([row[1] for row in rows], float),
        value=np.array([row[2] for row in rows], float),
        trial=trial,
        final=np.array([row[3] for row in rows], bool),
        weight=np.ones(len(rows)),
        numbers=tuple(r.number for r in told),
        sign=sign,
    )


def _placed(record: TrialRecord, axes: Axes) -> bool:
    return all(name in record.params for name in (axes.lr, axes.batch_size) if name)


def _curve(
    record: TrialRecord, metric: str, sign: float, epochs: int
) -> Iterator[tuple[float, float, bool]]:
    """(left, best value so far, final) at some epochs; the last one always, thinned before it."""
    if record.state is TrialState.DIVERGED:
        yield 0.0, math.nan, False
        return
    best = math.inf
    last = -math.inf
    finished = record.state is TrialState.COMPLETE and record.value is not None
    for report in record.reports:
        best = min(best, sign * report.metrics.get(metric, math.inf))
        at = math.log1p(report.epoch) / math.log1p(epochs)
        is_last = report.epoch == record.epoch
        if is_last and finished:
            break
        if math.isfinite(best) and (is_last or at - last >= 1 / _RUNGS):
            last = at
            yield 1 - at, best, False
    if finished:
        assert record.value is not None
        yield 0.0, sign * record.value, True
