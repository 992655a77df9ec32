"""The tables of a summary as plain text cells, for every form it is written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.region import Counts, interval_words, row_words
from sweeper.words import count, duration, measured, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweeper.region import Row
    from sweeper.summary.answer import Entry, Summary

__all__ = ["Table", "counts_line", "curves_line", "leaderboard", "regions", "settings"]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a heading each; ``links`` are the rows' targets, empty for none."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    links: tuple[str, ...] = ()
    note: str = ""


def counts_line(summary: Summary) -> str:
    """``24 trials: 9 finished, 13 stopped early, 2 diverged; 12 min, 0.4 worker hours``."""
    counts = summary.region.counts
    known = counts.ended + counts.running + counts.interrupted
    said = f"{count(known, 'trial')}: {_outcomes(counts)}" if known else "No trials yet"
    cost = summary.cost
    if cost.wall_seconds is None:
        return said
    return (
        f"{said}; {duration(cost.wall_seconds)} by the clock, "
        f"{duration(cost.worker_seconds)} of worker time"
    )


def curves_line(summary: Summary) -> str:
    """``Learning curves: 13 convergence, 2 overfitting``; empty where none could be judged."""
    return f"Learning curves: {summary.findings}" if summary.findings else ""


def regions(summary: Summary) -> Table:
    """What is known for each batch size; no rows where neither lr nor batch size is searched."""
    region = summary.region
    lr = region.lr or "lr"
    rows = region.rows if region.counts.ended else ()
    outcomes = [name for name in _NAMES if any(_named(row.counts)[name] for row in rows)]
    header = (
        region.batch_size or "batch size",
        f"{lr} interval",
        "evidence",
        f"best {lr}",
        "best",
        " / ".join(outcomes),
        "cliff",
    )
    tolerance = measured(region.metric, region.tolerance)
    note = ""
    if region.rule:
        note = f"Tied: within {tolerance} of the best {region.metric} ({region.rule})."
    if any(row.cliff_octaves is not None for row in rows):
        note += f" Cliff: factors of two in {lr} up to the nearest trial that diverged."
    cells = tuple(_region_row(summary, row, outcomes) for row in rows)
    return Table("Region", header, cells, note=note)


def leaderboard(summary: Summary) -> Table:
    entries = summary.leaderboard
    names = list(dict.fromkeys(name for entry in entries for name in entry.params))
    header = ("#", "trial", summary.region.metric, *names, "epochs", "time")
    best_stopped = bool(entries) and not entries[0].finished
    return Table(
        "Best trials so far, none finished" if best_stopped else "Best trials",
        header,
        tuple(_entry_row(summary, entry, names) for entry in entries),
        tuple(entry.link for entry in entries),
    )


def settings(summary: Summary) -> Table:
    return Table("Settings", ("setting", "value"), tuple(summary.settings.items()))


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


_NAMES = tuple(_named(Counts()))


def _region_row(summary: Summary, row: Row, outcomes: Sequence[str]) -> tuple[str, ...]:
    region = summary.region
    has_lr = row.best is not None and region.lr is not None
    best_lr = number(row.best.params.get(region.lr)) if has_lr and row.best and region.lr else "-"
    cliff = "-" if row.cliff_octaves is None else f"+{row.cliff_octaves:.1f} oct."
    return (
        row.label,
        interval_words(row.interval),
        row_words(region, row),
        best_lr,
        measured(region.metric, row.best.value) if row.best else "-",
        " / ".join(str(_named(row.counts)[name]) for name in outcomes),
        cliff,
    )


def _entry_row(summary: Summary, entry: Entry, names: list[str]) -> tuple[str, ...]:
    return (
        str(entry.rank),
        str(entry.number),
        measured(summary.region.metric, entry.value),
        *(number(entry.params.get(name)) for name in names),
        f"{entry.epoch}/{summary.epochs}",
        duration(entry.seconds),
    )
