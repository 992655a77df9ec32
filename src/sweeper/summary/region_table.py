"""What is known for each batch size, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.region import interval_words, row_words
from sweeper.summary.tables import Table
from sweeper.words import measured, number, roughly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweeper.region import Region, Row
    from sweeper.summary.answer import Summary

__all__ = ["regions"]

_SPARE = ("sure", "speed", "cliff", "finished")

Column = tuple[str, "list[str]"]


def regions(summary: Summary) -> Table:
    """A row for each batch size; none where neither lr nor batch size is searched."""
    region = summary.region
    rows = region.rows if region.counts.ended else ()
    known = region.evidence.enough and region.map is not None
    columns = [
        column
        for column in (_inferred(region, rows) if known else _seen(region, rows))
        if any(cell != "-" for cell in column[1])
    ]
    header = tuple(name for name, _ in columns)
    cells = tuple(zip(*(texts for _, texts in columns), strict=True))
    note = _note(region, header) if rows else ""
    return Table("Region", header, cells, note=note, spare=_SPARE)


def _inferred(region: Region, rows: Sequence[Row]) -> list[Column]:
    return [
        (region.batch_size or "batch size", [row.label for row in rows]),
        (f"{region.lr or 'lr'} interval", [interval_words(row.interval) for row in rows]),
        ("sure", [_share(row.interval.confidence if row.interval else None) for row in rows]),
        ("near best", [_share(row.inside) for row in rows]),
        ("expect", [_expected(region, row) for row in rows]),
        ("finished", [f"{row.counts.finished} of {row.counts.ended}" for row in rows]),
        ("speed", _speeds(region, rows)),
        ("cliff", [_cliff(row) for row in rows]),
    ]


def _seen(region: Region, rows: Sequence[Row]) -> list[Column]:
    """Where the evidence carries no intervals: what the trials themselves showed."""
    lr = region.lr
    best_lr = [number(row.best.params.get(lr)) if row.best and lr else "-" for row in rows]
    best = [measured(region.metric, row.best.value) if row.best else "-" for row in rows]
    return [
        (region.batch_size or "batch size", [row.label for row in rows]),
        ("best", best),
        (f"at {lr}", best_lr),
        ("finished", [f"{row.counts.finished} of {row.counts.ended}" for row in rows]),
        ("to the best", [row_words(region, row) for row in rows]),
        ("speed", _speeds(region, rows)),
        ("cliff", [_cliff(row) for row in rows]),
    ]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _expected(region: Region, row: Row) -> str:
    return measured(region.metric, row.interval.expected) if row.interval else "-"


def _speeds(region: Region, rows: Sequence[Row]) -> list[str]:
    """As multiples of the recommended row's, else of the slowest's."""
    known = [row.throughput for row in rows if row.throughput]
    if not known:
        return ["-"] * len(rows)
    chosen = next((row for row in rows if row == region.recommended), None)
    base = (chosen.throughput if chosen else None) or min(known)
    return [f"{row.throughput / base:.1f}x" if row.throughput else "-" for row in rows]


def _cliff(row: Row) -> str:
    return "-" if row.cliff_octaves is None else f"+{row.cliff_octaves:.1f}"


def _note(region: Region, header: Sequence[str]) -> str:
    near = roughly(region.metric, region.tolerance)
    notes = {
        "sure": "Sure: probability that the batch size's best lr is in its interval.",
        "near best": f"Near best: probability that it comes within {near} of the best.",
        "to the best": f"Tied: within {near} of the best ({region.rule})." if region.rule else "",
        "cliff": "Cliff: octaves (factors of two) up to the nearest lr that diverged.",
    }
    return " ".join(text for name, text in notes.items() if name in header and text)
