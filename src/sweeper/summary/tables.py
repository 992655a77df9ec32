"""The tables of a summary as plain text cells, for every form it is written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.words import count, duration, measured, number

if TYPE_CHECKING:
    from sweeper.region import Counts
    from sweeper.summary.answer import Entry, Summary

__all__ = [
    "Table",
    "counts_line",
    "curves_line",
    "evidence",
    "leaderboard",
    "settings",
    "short_names",
]

_SHORT = 5


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a heading each.

    Attributes:
        links: the rows' targets; empty for none.
        spare: headings of columns that may be left out where there is no room, the first first.
        short: how many rows are enough in a terminal; None for all.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    links: tuple[str, ...] = ()
    note: str = ""
    spare: tuple[str, ...] = ()
    short: int | None = None


def counts_line(summary: Summary) -> str:
    """``24 trials: 9 finished, 13 stopped early, 2 diverged; 12 min, 0.4 worker hours``."""
    counts = summary.region.counts
    known = counts.ended + counts.running + counts.interrupted
    said = f"{count(known, 'trial')}: {_outcomes(counts)}" if known else "No trials yet"
    said += f", and {counts.confirmed} that confirmed" if counts.confirmed else ""
    cost = summary.cost
    if cost.wall_seconds is None:
        return said
    gpus = f", {number(cost.gpu_seconds / 3600)} GPU-hours" if cost.gpu_seconds else ""
    return (
        f"{said}; {duration(cost.wall_seconds)} by the clock, "
        f"{duration(cost.worker_seconds)} of worker time{gpus}"
    )


def evidence(summary: Summary) -> Table:
    """What the verdict rests on."""
    rows = tuple((finding.topic, finding.text) for finding in summary.findings)
    return Table("Evidence", ("what", "found"), rows)


def curves_line(summary: Summary) -> str:
    """``Learning curves: 13 convergence, 2 overfitting``; empty where none could be judged."""
    return f"Learning curves: {summary.curves}" if summary.curves else ""


def leaderboard(summary: Summary) -> Table:
    entries = summary.leaderboard
    names = list(dict.fromkeys(name for entry in entries for name in entry.params))
    shorter = short_names(names)
    header = ("#", "trial", summary.region.metric, *shorter, "epochs", "time")
    best_stopped = bool(entries) and not entries[0].finished
    return Table(
        "Best trials so far, none finished" if best_stopped else "Best trials",
        header,
        tuple(_entry_row(summary, entry, names) for entry in entries),
        tuple(entry.link for entry in entries),
        spare=("time", "epochs", *reversed(shorter)),
        short=_SHORT,
    )


def settings(summary: Summary) -> Table:
    return Table("Settings", ("setting", "value"), tuple(summary.settings.items()))


def short_names(names: list[str]) -> list[str]:
    """``n_fft`` for ``model.n_fft``, as MLflow names it, where that is one parameter."""
    own = [name.rpartition(".")[2] for name in names]
    return [a if own.count(a) == 1 else name for a, name in zip(own, names, strict=True)]


def _outcomes(counts: Counts) -> str:
    return ", ".join(f"{n:,} {what}" for what, n in _named(counts).items() if n)


def _named(counts: Counts) -> dict[str, int]:
    return {
        "finished": counts.finished,
        "stopped early": counts.stopped,
        "diverged": counts.diverged,
        "out of memory": counts.out_of_memory,
        "out of time": counts.timed_out,
        "failed": counts.failed,
        "repeated": counts.copied,
        "running": counts.running,
        "interrupted": counts.interrupted,
    }


def _entry_row(summary: Summary, entry: Entry, names: list[str]) -> tuple[str, ...]:
    return (
        str(entry.rank),
        str(entry.number),
        measured(summary.region.metric, entry.value),
        *(number(entry.params.get(name)) for name in names),
        f"{entry.epoch}/{summary.epochs}",
        duration(entry.seconds),
    )
