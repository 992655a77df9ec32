"""When which trial was trained: how well the workers were used."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from sweeper.charts.chart import Axis, Chart, Lines, Mark, Panel
from sweeper.charts.style import BAD, GREY, MEMORY, RAMP
from sweeper.plots._outcomes import hover
from sweeper.records import TrialRecord, TrialState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sweeper.config import Objective, ParamSpec

__all__ = ["timeline"]

_LONGEST_GAP = 600.0  # seconds in which nothing happened; what is longer is cut out
_UNITS = ((2 * 86400, 86400.0, "days"), (7200, 3600.0, "hours"), (120, 60.0, "minutes"))
_LOOKS = {
    TrialState.COMPLETE: ("finished", RAMP[3]),
    TrialState.PRUNED: ("stopped early", "#b8c0c9"),
    TrialState.TIMED_OUT: ("out of time", "#8c564b"),
    TrialState.DIVERGED: ("diverged", BAD),
    TrialState.OUT_OF_MEMORY: ("out of memory", MEMORY),
    TrialState.FAILED: ("failed", "#000000"),
    TrialState.RUNNING: ("running", RAMP[1]),
    TrialState.INTERRUPTED: ("interrupted", GREY),
}


def timeline(
    records: Sequence[TrialRecord],
    objective: Objective,
    space: Mapping[str, ParamSpec],  # noqa: ARG001
) -> Chart:
    """A bar for each trial from its first start to its end, in as few rows as they fit in."""
    trained = [r for r in records if r.started is not None and not r.copy_of]
    if not trained:
        return Chart("Timeline", (), note="No trial has started.")
    clock, cut = _clock(trained)
    spans = {r.number: (clock(r.started or 0.0), clock(_end(r))) for r in trained}
    rows = _rows(spans)
    last = max(end for _, end in spans.values())
    unit, name = next(((u, n) for least, u, n in _UNITS if last > least), (1.0, "seconds"))
    lanes = max(rows.values()) + 1
    marks = tuple(_bars(trained, objective, spans, rows, lanes, unit))
    labels = {float(i): str(i + 1) for i in range(0, lanes, -(-lanes // 16))}
    x = Axis(f"{name} of work", (-0.01 * last / unit, 1.02 * last / unit))
    panel = Panel(x, Axis("worker", (-0.7, lanes - 0.3), ticks=labels), marks)
    note = f"{len(trained):,} trials, at most {lanes} at once." + (
        " Idle time is cut out." if cut else ""
    )
    return Chart("Trials over time", (panel,), note=note)


def _end(record: TrialRecord) -> float:
    """When it ended, or the last that was heard of it."""
    if record.ended is not None:
        return record.ended
    return record.reports[-1].time if record.reports else record.started or 0.0


class _Clock:
    """Seconds since the first event, without what is over `_LONGEST_GAP` between two of them."""

    def __init__(self, events: Sequence[float]) -> None:
        self._events = events
        steps = [min(b - a, _LONGEST_GAP) for a, b in pairwise(events)]
        self._at = list(accumulate(steps, initial=0.0))

    def __call__(self, time: float) -> float:
        i = max(bisect_right(self._events, time) - 1, 0)
        return self._at[i] + min(time - self._events[i], _LONGEST_GAP)


def _clock(records: Sequence[TrialRecord]) -> tuple[_Clock, bool]:
    """The clock, and whether it leaves something out."""
    times = {t for r in records for t in (r.started, _end(r)) if t is not None}
    times |= {report.time for r in records for report in r.reports}
    events = sorted(times)
    return _Clock(events), any(b - a > _LONGEST_GAP for a, b in pairwise(events))


def _rows(spans: Mapping[int, tuple[float, float]]) -> dict[int, int]:
    """Each trial's row: the lowest that is free when it starts."""
    rows: dict[int, int] = {}
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    for number, (start, end) in sorted(spans.items(), key=lambda item: item[1]):
        while busy and busy[0][0] <= start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        rows[number] = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (end, rows[number]))
    return rows


def _bars(
    records: Sequence[TrialRecord],
    objective: Objective,
    spans: Mapping[int, tuple[float, float]],
    rows: Mapping[int, int],
    lanes: int,
    unit: float,
) -> Iterator[Mark]:
    width = min(22.0, max(2.0, 180.0 / lanes))
    gap = 0.0008 * max(end for _, end in spans.values())  # between two bars in a row
    for state, (name, colour) in _LOOKS.items():
        shown = [r for r in records if r.state is state]
        if shown:
            paths = []
            for r in shown:
                start, end = spans[r.number]
                row = float(rows[r.number])
                paths.append(((start / unit, max(end - gap, start + gap) / unit), (row, row)))
            hovers = tuple(hover(r, objective) for r in shown)
            yield Lines(f"{name} ({len(shown):,})", tuple(paths), colour, width=width, hover=hovers)
