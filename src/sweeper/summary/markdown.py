"""A summary as Markdown; MLflow shows the first three lines of it on the parent run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sweeper.summary.confirm_words import confirm_table
from sweeper.summary.front import front_table
from sweeper.summary.next_words import next_table
from sweeper.summary.region_table import regions
from sweeper.summary.tables import (
    Table,
    counts_line,
    curves_line,
    evidence,
    leaderboard,
    settings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweeper.summary.answer import Summary

__all__ = ["markdown"]


def markdown(summary: Summary) -> str:
    """The verdict first, then what it rests on."""
    blocks = [f"**{_text(summary.verdict)}**", *_head(summary), *_blocks(summary)]
    return "\n\n".join(blocks) + "\n"


def _head(summary: Summary) -> Iterator[str]:
    if summary.places:
        yield " · ".join(f"[{what}]({place})" for what, place in summary.places.items())
    yield f"{counts_line(summary)}."
    if summary.ongoing:
        at = time.strftime("%Y-%m-%d %H:%M %Z", time.localtime(summary.written))
        yield f"The sweep is running; this is how it stood at {at}."


def _blocks(summary: Summary) -> Iterator[str]:
    if curves := curves_line(summary):
        yield f"{curves}."
    for table in (
        confirm_table(summary),
        regions(summary),
        front_table(summary),
        evidence(summary),
    ):
        yield from _section(table)
    if summary.warnings:
        yield "## Warnings"
        yield "\n".join(f"- {_text(warning)}" for warning in summary.warnings)
    if summary.steps or summary.commands:
        yield "## Next"
        steps = [f"{i}. {_text(step)}" for i, step in enumerate(summary.steps, 1)]
        yield from ["\n".join(steps)] if steps else []
        commands = [f"- {why}: `{command}`" for why, command in summary.commands.items()]
        yield from ["\n".join(commands)] if commands else []
    yield from _section(next_table(summary))
    yield from _section(leaderboard(summary))
    yield from _section(settings(summary))


def _section(table: Table) -> Iterator[str]:
    if table.rows:
        yield f"## {table.title}"
        yield _table(table)
        if table.note:
            yield _text(table.note)


def _text(text: str) -> str:
    """Text in which nothing is taken for HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _table(table: Table) -> str:
    links = table.links or ("",) * len(table.rows)
    lines = [_line(table.header), "| --- " * len(table.header) + "|"]
    lines += [_line(_linked(row, link)) for row, link in zip(table.rows, links, strict=True)]
    return "\n".join(lines)


def _linked(row: tuple[str, ...], link: str) -> tuple[str, ...]:
    """The second cell leads to the trial's run."""
    return (row[0], f"[{row[1]}]({link})", *row[2:]) if link else row


def _line(cells: tuple[str, ...]) -> str:
    """MLflow draws tables without any room between columns, and trims blanks."""
    return "| " + "&emsp; | ".join(_text(cell).replace("|", "\\|") for cell in cells) + " |"
