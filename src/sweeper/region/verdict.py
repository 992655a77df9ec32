"""A region in words, for researchers: what to use, what to expect, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.region.answer import ENOUGH, Best, Counts, Edge, Interval, Region, Row
from sweeper.words import count, listed, measured, number, settings

if TYPE_CHECKING:
    from sweeper.records import ParamValue

__all__ = ["edge_words", "interval_words", "row_words", "verdict"]

_MOST = 4  # parameters named in a sentence


def verdict(region: Region) -> str:
    """At most two sentences."""
    if region.best is None:
        return f"{_nothing(region)} There is nothing to recommend yet."
    if not region.rows or (region.lr is None and region.batch_size is not None):
        return f"{_best_words(region, region.best)} {_tied_words(region)}{_edge_clause(region)}."
    if region.recommended is None:
        return _thin(region, region.best)
    return f"{_use(region, region.recommended)} {_evidence(region, region.recommended)}"


def interval_words(interval: Interval | None) -> str:
    """``1.2e-3 to 3.4e-3``; a dash where there is none."""
    return f"{number(interval.low, 2)} to {number(interval.high, 2)}" if interval else "-"


def row_words(region: Region, row: Row) -> str:
    """What a row's evidence amounts to, in a few words."""
    if row.interval:
        share = f"{row.interval.tied} of {row.interval.tied + row.interval.worse} tied"
        return (
            share if row.interval.confidence is None else f"{share} ({row.interval.confidence:.0%})"
        )
    if row.best is None or row.behind is None or region.tolerance is None:
        return _no_finished(row.counts)
    if row.counts.finished < ENOUGH:
        return f"not enough evidence ({row.counts.finished} of {ENOUGH})"
    if row.behind > region.tolerance:
        return f"{measured(region.metric, row.behind)} behind"
    return "only 1 tied" if region.lr else "tied with the best"


def edge_words(edge: Edge) -> str:
    return (
        f"{edge.name} {number(_tidy(edge.best))} is at the {edge.side} end of its range "
        f"({number(_tidy(edge.bound))})"
    )


def _tidy(value: float) -> ParamValue:
    return int(value) if value.is_integer() else value


def _no_finished(counts: Counts) -> str:
    if not counts.ended:
        return "no trial ended"
    if counts.diverged == counts.ended:
        return f"all {counts.ended} diverged"
    if counts.out_of_memory == counts.ended:
        return f"all {counts.ended} ran out of memory"
    return "no trial finished"


def _nothing(region: Region) -> str:
    counts = region.counts
    if not counts.ended:
        return "No trial has ended."
    if counts.diverged == counts.ended > 1:
        return f"All {counts.ended} trials diverged: search lower learning rates."
    parts = {
        "stopped early": counts.stopped,
        "diverged": counts.diverged,
        "ran out of memory": counts.out_of_memory,
        "ran out of time": counts.timed_out,
        "failed": counts.failed,
    }
    said = ", ".join(f"{n:,} {what}" for what, n in parts.items() if n)
    return f"None of {count(counts.ended, 'ended trial')} finished ({said})."


def _best_words(region: Region, best: Best) -> str:
    value = measured(region.metric, best.value)
    return f"Best is {settings(best.params, _MOST)}: {region.metric} {value} (trial {best.number})."


def _tied_words(region: Region) -> str:
    """How many finished trials are as good as the best, and which settings they have."""
    finished = region.counts.finished
    if finished < ENOUGH:
        return f"Only {count(finished, 'trial')} finished, too few to say more"
    tolerance = measured(region.metric, region.tolerance)
    if region.tied == 1:
        return f"None of the other {finished - 1} finished trials is within {tolerance} of it"
    told = [r for r in region.ranges if r.name in (region.lr, region.batch_size)]
    ranges = " and ".join(f"{r.name} {r.label}" for r in told or region.ranges[:_MOST])
    return (
        f"{region.tied} of {finished} finished trials are within {tolerance} of it, one seed each"
        f"{', with ' if ranges else ''}{ranges}"
    )


def _thin(region: Region, best: Best) -> str:
    each = " for each batch size" if region.batch_size else ""
    return (
        f"Not enough evidence for an interval of {region.lr}{each}: "
        f"best so far is {settings(best.params, _MOST)} "
        f"with {region.metric} {measured(region.metric, best.value)} (trial {best.number}). "
        f"{_tied_words(region)}{_edge_clause(region)}."
    )


def _use(region: Region, row: Row) -> str:
    assert row.interval is not None
    assert region.best is not None
    batch = f"{region.batch_size} {row.label} with " if row.batch_sizes else ""
    others = {r.name for r in region.ranges} - {region.lr, region.batch_size}
    rest = f" and the rest as in trial {region.best.number}" if others else ""
    return (
        f"Use {batch}{region.lr} {interval_words(row.interval)}{rest}: "
        f"expect {region.metric} about {measured(region.metric, row.interval.expected)} "
        f"(best {measured(region.metric, region.best.value)}, trial {region.best.number})."
    )


def _evidence(region: Region, row: Row) -> str:
    assert row.interval is not None
    trials = f"{row.interval.tied} of {row.interval.tied + row.interval.worse} trials there"
    tolerance = measured(region.metric, region.tolerance)
    if region.confidence is not None:
        sure = f"Confidence {region.confidence:.0%}"
    else:
        sure = f"Evidence: {trials} are within {tolerance} of the best"
    others = [r.label for r in region.rows if r is not row and r.interval]
    also = f"; {region.batch_size} {listed(others)} tied too" if others else ""
    return f"{sure}, one seed each{also}{_edge_clause(region)}."


def _edge_clause(region: Region) -> str:
    if not region.edges:
        return ""
    return f"; {listed([edge_words(e) for e in region.edges])}, the optimum may lie beyond"
