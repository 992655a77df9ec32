"""A comparison in words and tables."""

from __future__ import annotations

import csv
import io

from sweeper.compare.best_of import Best
from sweeper.compare.comparison import Comparison, Standing
from sweeper.words import count, duration, listed, measured

__all__ = ["csv_table", "header", "markdown", "rows", "verdict"]

_SURE = 0.95


def verdict(comparison: Comparison) -> str:
    """Which is better at equal budget, and how sure that is."""
    first, second, *_ = comparison.standings
    chance = first.beats[second.name]
    budget = count(comparison.trials, "trial")
    expected = [measured(comparison.metric, s.at_trials.expected) for s in (first, second)]
    said = (
        f"{first.name} is to be preferred: {expected[0]} against {expected[1]} of {second.name} "
        f"expected from {budget}"
        if chance >= _SURE
        else f"{first.name} and {second.name} cannot be told apart at {budget}: {expected[0]} "
        f"against {expected[1]} expected"
    )
    said += f"; {first.name} finds the better one with probability {chance:.2f}"
    in_time = first.beats_in_time.get(second.name)
    if in_time is None:
        return f"{said}."
    return f"{said}, and {in_time:.2f} in {duration(comparison.seconds)} of worker time."


def header(comparison: Comparison) -> tuple[str, ...]:
    """Of `rows`."""
    return (
        "sweep",
        "model",
        "trials",
        "finished",
        "worker time",
        "best of all",
        f"best of {comparison.trials}",
        f"best in {duration(comparison.seconds)}",
        "beats",
    )


def rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """A row for each sweep: expected best with the middle 90%, at equal trials and equal time."""
    metric = comparison.metric
    return [
        (
            one.name,
            one.model or "-",
            str(one.trials),
            str(one.finished),
            duration(one.seconds),
            measured(metric, one.best),
            _interval(metric, one.at_trials),
            _interval(metric, one.at_seconds),
            _beats(one),
        )
        for one in comparison.standings
    ]


def markdown(comparison: Comparison) -> str:
    """For the comparison's run in MLflow."""
    table = [header(comparison), ("---",) * len(header(comparison)), *rows(comparison)]
    lines = ["| " + " | ".join(row) + " |" for row in table]
    notes = [f"- {note}" for note in comparison.notes]
    parts = [f"**{verdict(comparison)}**", "\n".join(lines), _METHOD, "\n".join(notes)]
    return "\n\n".join(parts) + "\n"


_METHOD = (
    "Expected best of a search of that length, with the middle 90% over the order of trials "
    "(Dodge et al. 2019, Show Your Work); trials that diverged or ran out of memory count."
)


def csv_table(comparison: Comparison) -> str:
    """Every point of the curves: sweep, budget's kind and size, expected best, low, high."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["sweep", "budget", "size", "expected", "low", "high"])
    for one in comparison.standings:
        for kind, curve in (("trials", one.by_trials), ("worker_seconds", one.by_seconds)):
            for size, best in curve:
                table.writerow([one.name, kind, size, best.expected, best.low, best.high])
    return text.getvalue()


def _interval(metric: str, best: Best | None) -> str:
    if best is None:
        return "-"
    return (
        f"{measured(metric, best.expected)} "
        f"({measured(metric, best.low)} to {measured(metric, best.high)})"
    )


def _beats(one: Standing) -> str:
    return listed([f"{other} {chance:.2f}" for other, chance in one.beats.items()])
