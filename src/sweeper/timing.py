"""When a sweep will be done."""

from __future__ import annotations

import heapq
from itertools import pairwise
from statistics import fmean, median
from typing import TYPE_CHECKING

from sweeper.records import TrialState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sweeper.records import TrialRecord

__all__ = ["eta"]


def eta(
    records: Sequence[TrialRecord],
    total: int,
    slots: int,
    epochs: int,
    now: float,
    full: int = 0,
) -> float | None:
    """Seconds until ``total`` trials have ended, or None while nothing is known.

    Trials to come cost what ended ones cost on average, those stopped early included. A running
    trial goes as far as those did that came further than it, so early stopping counts there too;
    where none came further, to the last of ``epochs``, at its own pace. Each free one of ``slots``
    workers takes the next trial.

    Args:
        full: how many of those to come go to the last epoch whatever becomes of them.
    """
    ended = [r for r in records if r.state.ended]
    begun = [r for r in records if not r.state.ended]
    to_come = max(total - len(records), 0)
    if not begun and not to_come:
        return 0.0
    mean = _mean_seconds(ended, begun, epochs)
    if mean is None:
        return None
    begun.sort(key=lambda r: r.state is not TrialState.RUNNING)
    full = min(full, to_come)
    jobs = [_remaining(r, ended, epochs, mean, now) for r in begun]
    jobs += [mean] * (to_come - full) + [_full(ended, mean)] * full
    return _last_end(jobs, slots)


def _mean_seconds(
    ended: Iterable[TrialRecord], begun: Iterable[TrialRecord], epochs: int
) -> float | None:
    """Mean time of a trial; before any has ended, a full training at the pace of the begun ones."""
    known = [r.seconds for r in ended if r.seconds is not None]
    known = known or [epochs * _pace(r) for r in begun if r.reports]
    return fmean(known) if known else None


def _full(ended: Iterable[TrialRecord], mean: float) -> float:
    """Seconds of a trial that finishes; ``mean`` while none has."""
    known = [r.seconds for r in ended if r.state is TrialState.COMPLETE and r.seconds is not None]
    return fmean(known) if known else mean


def _pace(record: TrialRecord) -> float:
    """Seconds of one epoch; the median, since a continued trial has waited between two of them."""
    first = record.reports[0].time
    times = [first if record.started is None else record.started]
    times += [report.time for report in record.reports]
    return median(later - earlier for earlier, later in pairwise(times))


def _remaining(
    record: TrialRecord, ended: Iterable[TrialRecord], epochs: int, mean: float, now: float
) -> float:
    if not record.reports:
        since = 0.0 if record.started is None else now - record.started
        return max(mean - since, 0.0)
    further = [r.epoch for r in ended if r.epoch > record.epoch]
    to_epoch = fmean(further) if further else epochs
    pace = _pace(record)
    since = min(now - record.reports[-1].time, pace) if record.state is TrialState.RUNNING else 0.0
    return max((to_epoch - record.epoch) * pace - since, 0.0)


def _last_end(jobs: Iterable[float], slots: int) -> float:
    """When the last job ends if each free worker takes the next one."""
    ends = [0.0] * max(slots, 1)
    for job in jobs:
        heapq.heapreplace(ends, ends[0] + job)
    return max(ends)
