"""What the surrogate says of each batch size: its lr interval, the slope, ties by throughput."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np

from sweeper.records import ParamValue, TrialRecord, TrialState
from sweeper.region.analysis import Analysis
from sweeper.region.answer import Centre, Interval, Region, Row, Slope, Tie

__all__ = ["rows_of", "slope_of", "ties_of"]

Array = np.ndarray[Any, Any]

_THROUGHPUT = "samples_per_second"
_LIKELY = 0.5  # a batch size is tied where its best lr is near-optimal with this probability


def rows_of(analysis: Analysis, facts: Region, records: Sequence[TrialRecord]) -> tuple[Row, ...]:
    """The rows of ``facts`` with the surrogate's intervals in place of the tied trials'."""
    return tuple(_row(analysis, facts, row, records) for row in facts.rows)


def _row(analysis: Analysis, facts: Region, row: Row, records: Sequence[TrialRecord]) -> Row:
    line = _line(analysis, row)
    here = [r for r in records if _of_row(r, facts.batch_size, row)]
    interval = _interval(analysis, line, facts, here)
    return replace(
        row,
        interval=interval,
        cliff_octaves=_cliff(facts, row, interval, here),
        inside=float(_cells(analysis, analysis.inclusion.inside)[line].max()),
        throughput=_throughput(here),
    )


def _of_row(record: TrialRecord, batch_size: str | None, row: Row) -> bool:
    if record.is_repeat:
        return False
    return batch_size is None or record.params.get(batch_size) in row.batch_sizes


def _line(analysis: Analysis, row: Row) -> int:
    """The line of the grid for a row: that nearest to its middle batch size."""
    sizes = analysis.grid.batch_size
    if not row.batch_sizes or not sizes:
        return 0
    middle = math.log(float(row.batch_sizes[len(row.batch_sizes) // 2]))
    return int(np.argmin([abs(math.log(float(size)) - middle) for size in sizes]))


def _cells(analysis: Analysis, values: Array) -> Array:
    found: Array = values.reshape(*values.shape[:-1], *analysis.grid.shape)
    return found


def _interval(
    analysis: Analysis, line: int, facts: Region, records: Iterable[TrialRecord]
) -> Interval | None:
    """The run of cells in the region around the line's best cell."""
    if facts.lr is None:
        return None
    found = analysis.inclusion
    inside = _cells(analysis, found.inside)[line]
    at = int(inside.argmax())
    if inside[at] < found.level:
        return None
    first, last = _run(inside >= found.level, at)
    lines = _cells(analysis, found.samples)[:, line, :]
    optima = lines.argmin(axis=1)
    lr = np.log([float(value) for value in analysis.grid.lr])
    low = _crossing(lr, inside, found.level, first, -1)
    high = _crossing(lr, inside, found.level, last, 1)
    in_it = [r for r in records if low <= float(r.params.get(facts.lr, math.nan)) <= high]
    tied, worse = _votes(facts, in_it)
    best = first + int(np.median(lines, axis=0)[first : last + 1].argmin())
    return Interval(
        low,
        high,
        tied=tied,
        worse=worse,
        expected=analysis.observations.sign * float(np.median(lines[:, best])),
        confidence=float(((first <= optima) & (optima <= last)).mean()),
    )


def _run(inside: Array, at: int) -> tuple[int, int]:
    """First and last cell of the run of true ones around ``at``."""
    first = last = at
    while first > 0 and inside[first - 1]:
        first -= 1
    while last < len(inside) - 1 and inside[last + 1]:
        last += 1
    return first, last


def _crossing(log_lr: Array, inside: Array, level: float, cell: int, step: int) -> float:
    """Where between two cells the probability crosses the level."""
    beyond = cell + step
    if not 0 <= beyond < len(inside):
        return float(np.exp(log_lr[cell]))
    share = (inside[cell] - level) / (inside[cell] - inside[beyond])
    return float(np.exp(log_lr[cell] + share * (log_lr[beyond] - log_lr[cell])))


def _votes(facts: Region, records: Iterable[TrialRecord]) -> tuple[int, int]:
    """Finished trials within the tolerance, and others that finished or diverged."""
    ended = [r for r in records if r.state in (TrialState.COMPLETE, TrialState.DIVERGED)]
    assert facts.best is not None
    assert facts.tolerance is not None
    tied = sum(
        r.value is not None and abs(r.value - facts.best.value) <= facts.tolerance for r in ended
    )
    return tied, len(ended) - tied


def _cliff(
    facts: Region, row: Row, interval: Interval | None, records: Iterable[TrialRecord]
) -> float | None:
    """Octaves from the interval's upper end to the nearest diverged lr above."""
    if interval is None or facts.lr is None:
        return row.cliff_octaves
    diverged = [
        float(r.params[facts.lr])
        for r in records
        if r.state is TrialState.DIVERGED and float(r.params.get(facts.lr, 0.0)) > interval.high
    ]
    return math.log2(min(diverged) / interval.high) if diverged else None


def _throughput(records: Iterable[TrialRecord]) -> float | None:
    """Median over trials of the median over epochs."""
    speeds = [
        median(found)
        for r in records
        if (found := [e.metrics[_THROUGHPUT] for e in r.reports if _THROUGHPUT in e.metrics])
    ]
    return median(speeds) if speeds else None


def slope_of(analysis: Analysis) -> Slope | None:
    """Each sample's best lr per batch size, fitted by a line; None without both on log axes."""
    unit = analysis.axes.exponent_unit
    if unit is None:
        return None
    samples = _cells(analysis, analysis.inclusion.samples)
    u = analysis.grid.core[0, :, 0]
    v = analysis.grid.core[:, 0, 1]
    ridge = u[samples.argmin(axis=2)]  # (samples, rows)
    centred = v - v.mean()
    slopes = unit * (ridge @ centred) / (centred @ centred)
    low, middle, high = np.quantile(slopes, [0.05, 0.5, 0.95])
    return Slope(float(middle), float(low), float(high))


def ties_of(analysis: Analysis, rows: Sequence[Row], centre: Centre) -> tuple[Tie, ...]:
    """Batch sizes beside the centre's that are near-optimal as well, the fastest first."""
    name = analysis.axes.batch_size
    if name is None:
        return ()
    speeds = {size: row.throughput for row in rows for size in row.batch_sizes}
    base = speeds.get(centre.params[name])
    found = [
        _tie(analysis, line, size, speeds.get(size), base)
        for line, size in enumerate(analysis.grid.batch_size)
        if size != centre.params[name]
    ]
    likely = [tie for tie in found if tie.inside >= _LIKELY]
    return tuple(sorted(likely, key=lambda tie: (-(tie.faster or 0.0), -tie.inside)))


def _tie(
    analysis: Analysis, line: int, size: ParamValue, speed: float | None, base: float | None
) -> Tie:
    inside = _cells(analysis, analysis.inclusion.inside)[line]
    at = int(inside.argmax())
    samples = _cells(analysis, analysis.inclusion.samples)[:, line, at]
    return Tie(
        batch_size=size,
        lr=float(analysis.grid.lr[at]) if analysis.grid.lr else None,
        expected=analysis.observations.sign * float(np.median(samples)),
        inside=float(inside[at]),
        faster=speed / base if speed and base else None,
    )
