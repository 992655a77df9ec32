"""A comparison in words and tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping

from sweeper.compare.best_of import Best
from sweeper.compare.comparison import Comparison, Standing
from sweeper.words import count, duration, measured, settings, unit

__all__ = ["METHOD", "csv_table", "header", "markdown", "rows", "verdict"]

_SURE, _LIKELY = 0.95, 0.9


def verdict(comparison: Comparison) -> str:
    """Which is better at equal budget, and how sure that is."""
    first, second, *_ = comparison.standings
    chance, budget = first.beats[second.name], count(comparison.trials, "trial")
    one, other = (measured(comparison.metric, s.at_trials.median) for s in (first, second))
    expected = f"expect {comparison.metric} {one}, and {other} with {second.name}"
    likelier = first if chance >= 0.5 else second  # by order of medians it may be either
    said = f"{_judged(chance, first.name, second.name)} after {budget} each: {expected}. " + (
        f"That is {chance:.0%} sure"
        if chance >= _LIKELY
        else f"{likelier.name} finds the better one with {max(chance, 1 - chance):.0%} probability"
    )
    in_time = first.beats_in_time.get(second.name)
    if in_time is None:
        return f"{said}."
    in_time = in_time if chance >= _LIKELY or likelier is first else 1 - in_time
    return f"{said}; after {duration(comparison.seconds)} of worker time each, {in_time:.0%}."


def _judged(chance: float, one: str, other: str) -> str:
    if chance < _LIKELY:
        return f"{one} and {other} cannot be told apart"
    return f"{one} is {'' if chance >= _SURE else 'probably '}better than {other}"


def header(comparison: Comparison) -> tuple[str, ...]:
    """Of `rows`: nothing, and the sweeps."""
    return ("", *(one.name for one in comparison.standings))


def rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """What is compared, and a cell for each sweep; intervals are the middle 90%."""
    metric, trials = comparison.metric, count(comparison.trials, "trial")
    seconds = f"{duration(comparison.seconds)} of work"
    cells: dict[str, Callable[[Standing], str]] = {
        "model": lambda one: one.model or "-",
        "trials": lambda one: f"{one.trials:,}, {one.finished:,} finished",
        "worker time": lambda one: duration(one.seconds),
        "best trial": lambda one: f"{measured(metric, one.best.value)} (trial {one.best.number})",
        "its settings": lambda one: settings(one.best.params),
        f"best of {trials}": lambda one: _interval(metric, one.at_trials),
        f"best in {seconds}": lambda one: _interval(metric, one.at_seconds),
        f"better of {trials}": lambda one: _beats(one.beats),
        f"better in {seconds}": lambda one: _beats(one.beats_in_time),
    }
    return [(what, *map(say, comparison.standings)) for what, say in cells.items()]


def markdown(comparison: Comparison) -> str:
    """For the comparison's run in MLflow."""
    table = [header(comparison), ("---",) * len(header(comparison)), *rows(comparison)]
    lines = ["| " + " | ".join(row) + " |" for row in table]
    notes = [f"- {note}" for note in comparison.notes]
    parts = [f"**{verdict(comparison)}**", "\n".join(lines), METHOD, "\n".join(notes)]
    return "\n\n".join(parts) + "\n"


METHOD = (
    "Best of, best in: what a search of that length finds, the median and the middle 90% over the "
    "order of trials (after Dodge et al. 2019, Show Your Work); trials that diverged or ran out of "
    "memory count. Better: the probability that it finds more than the other; how sure that can be "
    "is limited by the trials of the shorter sweep."
)


def csv_table(comparison: Comparison) -> str:
    """Every point of the curves: sweep, budget's kind and size, median of the best, low, high."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["sweep", "budget", "size", "median", "low", "high"])
    for one in comparison.standings:
        for kind, curve in (("trials", one.by_trials), ("worker_seconds", one.by_seconds)):
            for size, best in curve:
                table.writerow([one.name, kind, size, best.median, best.low, best.high])
    return text.getvalue()


def _interval(metric: str, best: Best | None) -> str:
    if best is None:
        return "-"
    low = measured(metric, best.low).removesuffix(f" {unit(metric)}")
    return f"{measured(metric, best.median)} ({low} to {measured(metric, best.high)})"


def _beats(chances: Mapping[str, float]) -> str:
    """``97%``; with more than one other, ``97% (a), 60% (b)``."""
    if len(chances) == 1:
        return f"{next(iter(chances.values())):.0%}"
    return ", ".join(f"{chance:.0%} ({other})" for other, chance in chances.items()) or "-"
