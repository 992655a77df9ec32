"""A summary in the terminal, with rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.panel import Panel
from rich.table import Table as RichTable
from rich.text import Text

from sweeper.summary.tables import Table, counts_line, curves_line, leaderboard, regions

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sweeper.summary.answer import Summary

__all__ = ["render"]

_SHORT = 5  # of the leaderboard


def render(summary: Summary) -> RenderableType:
    """Verdict, region, the five best trials, warnings, what to type next."""
    head = Text(summary.verdict, style="bold")
    parts: list[RenderableType] = [
        Panel(head, title=Text(summary.name, "bold"), title_align="left", border_style="green"),
        Text(counts_line(summary), style="dim"),
    ]
    if curves := curves_line(summary):
        parts.append(Text(curves, style="dim"))
    for table in (regions(summary), leaderboard(summary)):
        if table.rows:
            parts += ["", _table(table)]
    if summary.warnings or summary.commands:
        parts.append("")
    parts += [Text(f"! {warning}", style="yellow") for warning in summary.warnings]
    if summary.commands:
        parts.append(_commands(summary))
    return Group(*parts)


def _table(table: Table) -> RichTable:
    drawn = RichTable(
        title=Text(table.title),
        title_justify="left",
        title_style="bold",
        caption=Text(table.note) if table.note else None,
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    for i, name in enumerate(table.header):
        drawn.add_column(Text(name), min_width=_least(table, i))
    for row in table.rows[:_SHORT] if table.links else table.rows:
        drawn.add_row(*(Text(cell) for cell in row))
    return drawn


def _least(table: Table, column: int) -> int:
    """Only headings of several words and the evidence may be wrapped."""
    name = table.header[column]
    cells = [] if name == "evidence" else [row[column] for row in table.rows]
    return max(len(text) for text in [*name.split(), *cells])


def _commands(summary: Summary) -> RichTable:
    grid = RichTable.grid(padding=(0, 2))
    for why, command in summary.commands.items():
        grid.add_row(Text(why, style="dim"), Text(command, style="cyan"))
    return grid
