"""A summary in the terminal, with rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table as RichTable
from rich.text import Text

from sweeper.summary.confirm_words import confirm_table
from sweeper.summary.front import front_table
from sweeper.summary.region_table import regions
from sweeper.summary.tables import Table, counts_line, curves_line, leaderboard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from sweeper.summary.answer import Summary

__all__ = ["render"]

_UNBOUND = 10_000  # columns
_LONG = 28  # characters: longer cells may be wrapped


def render(summary: Summary) -> RenderableType:
    """Verdict, what it rests on, the five best trials, warnings, what to do next."""
    head = Text(summary.verdict, style="bold")
    parts: list[RenderableType] = [
        Panel(head, title=Text(summary.name, "bold"), title_align="left", border_style="green"),
        Text(counts_line(summary), style="dim"),
    ]
    if curves := curves_line(summary):
        parts.append(Text(curves, style="dim"))
    evidence = [(finding.topic, Text(finding.text)) for finding in summary.findings]
    parts += [
        *_tables(confirm_table(summary), regions(summary), front_table(summary)),
        *_list("Evidence", evidence),
    ]
    parts += _tables(leaderboard(summary))
    parts += _list("Warnings", [("!", Text(text, "yellow")) for text in summary.warnings])
    parts += _list("Next", [(f"{i}.", Text(step)) for i, step in enumerate(summary.steps, 1)])
    commands = summary.commands.items()
    parts += _list("Commands", [(why, Text(command, "cyan")) for why, command in commands])
    return Group(*parts)


def _list(title: str, rows: Iterable[tuple[str, Text]]) -> Iterator[RenderableType]:
    """Lines under a title, with what they are about on the left."""
    grid = RichTable.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    for what, text in rows:
        grid.add_row(Text(what), text)
    if grid.row_count:
        yield from ("", Text(title, style="bold italic"), Padding(grid, (0, 0, 0, 1)))


def _tables(*tables: Table) -> Iterator[RenderableType]:
    for table in tables:
        if table.rows:
            yield from ("", _Fitted(table))
            if table.note:
                yield Text(table.note, style="dim italic")


class _Fitted:
    """A table with as many of its columns as there is room for."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        left_out: list[str] = []
        drawn = _drawn(self._table, left_out)
        unbound = options.update_width(_UNBOUND)  # a measure is never more than the width
        for name in self._table.spare:
            if console.measure(drawn, options=unbound).minimum <= options.max_width:
                break
            left_out.append(name)
            drawn = _drawn(self._table, left_out)
        yield drawn
        if left_out:
            yield Text(f"No room here for: {', '.join(left_out)}.", style="dim italic")


def _drawn(table: Table, left_out: list[str]) -> RichTable:
    drawn = RichTable(
        title=Text(table.title),
        title_justify="left",
        title_style="bold italic",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    shown = [i for i, name in enumerate(table.header) if name not in left_out]
    for i in shown:
        drawn.add_column(Text(table.header[i]), min_width=_least(table, i))
    for row in table.rows[: table.short]:
        drawn.add_row(*(Text(row[i]) for i in shown))
    return drawn


def _least(table: Table, column: int) -> int:
    """Only headings of several words and long cells may be wrapped."""
    cells = [min(len(row[column]), _LONG) for row in table.rows]
    return max(*(len(word) for word in table.header[column].split()), *cells)
