"""The region as the finished trials show it: those within a tolerance of the best are tied.

No model and no probabilities. A trial that was stopped early has not shown its final value, so it
speaks neither for nor against its learning rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from statistics import median
from typing import TYPE_CHECKING

from sweeper.records import ParamValue, TrialRecord, TrialState
from sweeper.region.answer import ENOUGH, Best, Counts, Edge, Interval, ParamRange, Region, Row
from sweeper.region.scale import BATCH_SIZE, LR, Scale, find, scale_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sweeper.config import Objective, ParamSpec

__all__ = ["tied_region"]

_SHARE_OF_SPREAD = 0.1
_RIM = 0.04  # the outer share of a range where the best counts as at the edge
_ALIKE = 0.15  # share of a range that two values of another parameter may be apart
_MANY = 8  # more distinct batch sizes than these are grouped by the nearest power of two


@dataclass(frozen=True, slots=True)
class _Judge:
    """Which trials speak for a learning rate, and which against.

    Attributes:
        others: the searched parameters beside lr and batch size.
    """

    sign: float
    best: Best
    tolerance: float
    others: Mapping[str, Scale]

    def behind(self, value: float) -> float:
        """By how much ``value`` is worse than the best, >= 0."""
        return self.sign * (self.best.value - value)

    def tied(self, record: TrialRecord) -> bool:
        return _finished(record) and self.behind(_value(record)) <= self.tolerance

    def heard(self, record: TrialRecord) -> bool:
        """A trial with other settings beside lr may have finished worse because of those."""
        if record.state is TrialState.DIVERGED or self.tied(record):
            return True
        return _finished(record) and all(self._alike(record, name) for name in self.others)

    def _alike(self, record: TrialRecord, name: str) -> bool:
        if name not in record.params or name not in self.best.params:
            return (name in record.params) == (name in self.best.params)
        here, there = record.params[name], self.best.params[name]
        scale = self.others[name]
        return here == there if scale.nominal else scale.apart(here, there) <= _ALIKE


def tied_region(
    records: Sequence[TrialRecord],
    objective: Objective,
    space: Mapping[str, ParamSpec],
    *,
    tolerance: float | None = None,
    noise: float = 0.0,
) -> Region:
    """The lr interval of each batch size whose trials are tied with the best one.

    Args:
        tolerance: how close counts as tied, in the metric's units; by default 10% of
            (median - best), or ``noise`` where that is larger.
        noise: standard deviation of the objective over seeds, in the metric's units, 0 if unknown.
    """
    lr, batch_size = find(space, LR), find(space, BATCH_SIZE)
    counts = Counts.of(records)
    # trials that confirm are all near the best: with them the middle of the search would be too
    records = _searched([r for r in records if not r.is_confirming], space)
    sign = 1.0 if objective.direction == "maximize" else -1.0
    best = _best(records, sign)
    judge = None
    rule = ""
    if best is not None:
        tau, rule = _tolerance(records, best, tolerance, noise)
        judge = _Judge(sign, best, tau, _others(space, lr, batch_size))
    rows = _rows(records, lr, batch_size, space, judge)
    tied = [r for r in records if judge is not None and judge.tied(r)]
    return Region(
        metric=objective.metric,
        direction=objective.direction,
        counts=counts,
        lr=lr,
        batch_size=batch_size,
        tolerance=judge.tolerance if judge else None,
        rule=rule,
        tied=len(tied),
        best=best,
        rows=rows,
        ranges=tuple(_ranges(tied, space)),
        edges=tuple(_edges(best, space)) if best else (),
        recommended=_recommended(rows, best),
    )


def _searched(records: Iterable[TrialRecord], space: Mapping[str, ParamSpec]) -> list[TrialRecord]:
    """The trials that were trained, without the parameters that cannot vary."""
    names = {name for name, spec in space.items() if scale_of(spec) is not None}
    return [
        r if r.params.keys() <= names else replace(r, params=_only(names, r.params))
        for r in records
        if not r.is_repeat
    ]


def _only(names: Collection[str], params: Mapping[str, ParamValue]) -> dict[str, ParamValue]:
    return {name: value for name, value in params.items() if name in names}


def _others(
    space: Mapping[str, ParamSpec], lr: str | None, batch_size: str | None
) -> dict[str, Scale]:
    scales = {name: scale_of(spec) for name, spec in space.items() if name not in (lr, batch_size)}
    return {name: scale for name, scale in scales.items() if scale is not None}


def _finished(record: TrialRecord) -> bool:
    return (
        record.state is TrialState.COMPLETE
        and record.value is not None
        and math.isfinite(record.value)
    )


def _value(record: TrialRecord) -> float:
    assert record.value is not None
    return record.value


def _best(records: Iterable[TrialRecord], sign: float) -> Best | None:
    """The best finished trial; the earliest of equals."""
    finished = [r for r in records if _finished(r)]
    best = max(finished, key=lambda r: (sign * _value(r), -r.number), default=None)
    return Best(best.number, _value(best), best.params) if best else None


def _tolerance(
    records: Sequence[TrialRecord], best: Best, given: float | None, noise: float
) -> tuple[float, str]:
    if given is not None:
        return given, "as given"
    spread = _SHARE_OF_SPREAD * _spread(records, best)
    if noise > spread:
        return noise, "one standard deviation over seeds"
    return spread, "10% of (median - best), unfinished trials counted as worse than the median"


def _spread(records: Sequence[TrialRecord], best: Best) -> float:
    """From the best to the median of all ended trials, those that did not finish being worse.

    The median of the finished ones alone is too near: a pruner lets the good ones finish. Where
    fewer than half finished, it is the 90th percentile of those.
    """
    behind = sorted(abs(_value(r) - best.value) for r in records if _finished(r))
    ended = sum(r.state.ended and r.state is not TrialState.FAILED for r in records)
    middle, last = (ended - 1) / 2, 0.9 * (len(behind) - 1)
    at = min(middle, last)
    low, high = behind[math.floor(at)], behind[math.ceil(at)]
    return low + (high - low) * (at % 1)


def _rows(
    records: Sequence[TrialRecord],
    lr: str | None,
    batch_size: str | None,
    space: Mapping[str, ParamSpec],
    judge: _Judge | None,
) -> tuple[Row, ...]:
    if batch_size is None:
        return (_row((), records, lr, judge),) if lr else ()
    scale = scale_of(space[batch_size])
    assert scale is not None
    with_batch = [r for r in records if batch_size in r.params]
    groups = _groups(scale, [float(r.params[batch_size]) for r in with_batch])
    return tuple(
        _row(group, [r for r in with_batch if float(r.params[batch_size]) in group], lr, judge)
        for group in groups
    )


def _groups(scale: Scale, seen: Iterable[float]) -> list[tuple[ParamValue, ...]]:
    """Batch sizes by row: each choice has its own, many different ones share a power of two."""
    if scale.choices and len(scale.choices) <= _MANY:
        return [(choice,) for choice in scale.choices]
    values = sorted(set(seen))
    if len(values) <= _MANY:
        return [(_whole(value),) for value in values]
    groups: dict[int, list[ParamValue]] = {}
    for value in values:
        groups.setdefault(round(math.log2(max(value, 1.0))), []).append(_whole(value))
    return [tuple(group) for group in groups.values()]


def _whole(value: float) -> ParamValue:
    return int(value) if value.is_integer() else value


def _row(
    batch_sizes: tuple[ParamValue, ...],
    records: Sequence[TrialRecord],
    lr: str | None,
    judge: _Judge | None,
) -> Row:
    counts = Counts.of(records)
    if judge is None:
        return Row(batch_sizes, counts)
    best = _best(records, judge.sign)
    interval = None
    if lr is not None and counts.finished >= ENOUGH:
        interval = _interval([r for r in records if lr in r.params], lr, judge)
    return Row(
        batch_sizes,
        counts,
        best=best,
        behind=judge.behind(best.value) if best else None,
        interval=interval,
        cliff_octaves=_cliff(records, lr, interval, best),
    )


def _interval(records: Sequence[TrialRecord], lr: str, judge: _Judge) -> Interval | None:
    """The run of neighbours around the best trial in which tied ones outnumber others the most.

    A single unlucky seed between tied trials does not cut it, a second valley beyond bad trials is
    not joined to it.
    """
    heard = sorted(filter(judge.heard, records), key=lambda r: (float(r.params[lr]), r.number))
    best = _best(heard, judge.sign)
    if best is None or judge.behind(best.value) > judge.tolerance:
        return None
    votes = [1 if judge.tied(r) else -1 for r in heard]
    at = next(i for i, r in enumerate(heard) if r.number == best.number)
    run = heard[at - _reach(votes[:at][::-1]) : at + _reach(votes[at + 1 :]) + 1]
    low, high = float(run[0].params[lr]), float(run[-1].params[lr])
    inside = [r for r in records if low <= float(r.params[lr]) <= high]
    tied = sum(judge.tied(r) for r in inside)
    if tied < 2:
        return None
    worse = sum(_finished(r) or r.state is TrialState.DIVERGED for r in inside) - tied
    expected = median([_value(r) for r in run if _finished(r)])
    return Interval(low, high, tied=tied, worse=worse, expected=expected)


def _reach(votes: Sequence[int]) -> int:
    """How many steps away from the best the sum of votes is highest, the nearest of equals."""
    sums = list(accumulate(votes, initial=0))
    return sums.index(max(sums))


def _cliff(
    records: Iterable[TrialRecord], lr: str | None, interval: Interval | None, best: Best | None
) -> float | None:
    if lr is None or best is None or lr not in best.params:
        return None
    top = interval.high if interval else float(best.params[lr])
    diverged = [
        float(r.params[lr])
        for r in records
        if r.state is TrialState.DIVERGED and float(r.params.get(lr, 0.0)) > top
    ]
    return math.log2(min(diverged) / top) if diverged and top > 0 else None


def _ranges(tied: Sequence[TrialRecord], space: Mapping[str, ParamSpec]) -> Iterable[ParamRange]:
    for name, spec in space.items():
        scale = scale_of(spec)
        values = {r.params[name] for r in tied if name in r.params}
        if scale is None or not values:
            continue
        if scale.choices:
            yield ParamRange(name, choices=tuple(c for c in scale.choices if c in values))
        else:
            numbers = [float(value) for value in values]
            yield ParamRange(name, min(numbers), max(numbers))


def _edges(best: Best, space: Mapping[str, ParamSpec]) -> Iterable[Edge]:
    for name, spec in space.items():
        scale = scale_of(spec)
        if scale is None or name not in best.params or not scale.has_ends:
            continue
        value = best.params[name]
        if scale.position(value) >= 1 - _RIM:
            yield Edge(name, "upper", scale.high, float(value))
        elif scale.position(value) <= _RIM:
            yield Edge(name, "lower", scale.low, float(value))


def _recommended(rows: Iterable[Row], best: Best | None) -> Row | None:
    """The best trial's own row where it has an interval, else the one with most tied trials."""
    known = [row for row in rows if row.interval and best]
    rank = partial(_rank, best)
    return max(known, key=rank, default=None)


def _rank(best: Best | None, row: Row) -> tuple[bool, int]:
    assert row.interval is not None
    return row.best == best, row.interval.tied
