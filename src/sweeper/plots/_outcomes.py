"""How each outcome of a trial looks in every figure."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from sweeper.charts.chart import Points, Symbol
from sweeper.charts.style import BAD, GREY, INK, MEMORY
from sweeper.records import TrialRecord, TrialState, ranked
from sweeper.words import measured, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sweeper.config import Objective

__all__ = ["DIVERGED", "FINISHED", "MEMORY_OUT", "OUTCOMES", "STOPPED", "TIMED_OUT", "Outcome"]
__all__ += ["best_of", "finished", "hover", "of", "points", "thinned"]

_MOST_POINTS = 1000
_BEYOND = {"down": ", below the axis", "up": ", above the axis"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome, its name in legends and its mark."""

    state: TrialState
    name: str
    symbol: Symbol
    colour: str


FINISHED = Outcome(TrialState.COMPLETE, "finished", "dot", INK)
STOPPED = Outcome(TrialState.PRUNED, "stopped early", "ring", GREY)
TIMED_OUT = Outcome(TrialState.TIMED_OUT, "out of time", "ring", "#8c564b")
DIVERGED = Outcome(TrialState.DIVERGED, "diverged", "cross", BAD)
MEMORY_OUT = Outcome(TrialState.OUT_OF_MEMORY, "out of memory", "square", MEMORY)
OUTCOMES = (STOPPED, TIMED_OUT, DIVERGED, MEMORY_OUT, FINISHED)
"""In drawing order. A failed trial says nothing of its parameters and is drawn nowhere."""


def of(records: Iterable[TrialRecord], outcome: Outcome) -> list[TrialRecord]:
    """The trials with that outcome; without a value only where it is infeasible."""
    seen = [r for r in records if r.state is outcome.state]
    return seen if outcome.state.infeasible else [r for r in seen if r.value is not None]


def finished(records: Iterable[TrialRecord]) -> list[TrialRecord]:
    return of(records, FINISHED)


def best_of(records: Iterable[TrialRecord], objective: Objective) -> TrialRecord | None:
    """The best finished trial, the earliest of equals."""
    return next(iter(ranked(finished(records), objective.direction)), None)


def thinned(records: Sequence[TrialRecord], most: int = _MOST_POINTS) -> Sequence[TrialRecord]:
    """At most so many, evenly over the sweep: more marks than that hide each other."""
    step = -(-len(records) // most) or 1
    return records[::step]


def points(
    records: Sequence[TrialRecord],
    objective: Objective,
    place: Callable[[TrialRecord], tuple[float, float] | None],
    *,
    valued: bool = False,
    counted: bool = True,
    beyond: Callable[[TrialRecord], Symbol | None] = lambda _: None,
) -> Iterator[Points]:
    """Marks of all trials by outcome; ``place`` gives x and y, or None to leave a trial out.

    ``valued`` colours finished trials by their objective; ``counted`` puts numbers in the legend;
    ``beyond`` gives the mark of a trial whose value the axis does not reach.
    """
    for outcome in OUTCOMES:
        seen = [(r, at) for r in of(records, outcome) if (at := place(r)) is not None]
        places = {r.number: at for r, at in seen}
        groups: dict[Symbol, list[TrialRecord]] = {}
        for r, _ in seen:
            groups.setdefault(beyond(r) or outcome.symbol, []).append(r)
        for symbol, group in groups.items():
            name = outcome.name + _BEYOND.get(symbol, "")
            drawn = thinned(group)
            coloured = valued and outcome is FINISHED
            yield Points(
                label=f"{name} ({len(group):,})" if counted else name,
                x=tuple(places[r.number][0] for r in drawn),
                y=tuple(places[r.number][1] for r in drawn),
                symbol=symbol,
                colour=outcome.colour,
                hover=tuple(hover(r, objective) for r in drawn),
                values=tuple(r.value or 0.0 for r in drawn) if coloured else (),
            )


def hover(record: TrialRecord, objective: Objective) -> str:
    """A trial in a few lines, as HTML."""
    lines = [f"<b>trial {record.number}</b>: {record.state.value.replace('_', ' ')}"]
    lines += [f"{name} {number(value)}" for name, value in record.params.items()]
    if record.value is not None:
        lines.append(f"{objective.metric} {measured(objective.metric, record.value)}")
    lines.append(f"{record.epoch} epochs")
    lines += [record.reason] if record.reason else []
    return "<br>".join([lines[0], *(escape(line) for line in lines[1:])])
