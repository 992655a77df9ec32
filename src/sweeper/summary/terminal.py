"""A summary in the terminal, with rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
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
    """A table with as many of its columns as there is room for; no number is ever cut."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = self._table
        shown = list(range(len(table.header)))
        order = _least_needed_first(table)
        left_out: list[int] = []
        while (room := _room(table, shown, options.max_width)) < 0 and order:
            left_out.append(order.pop(0))
            shown.remove(left_out[-1])
        yield _drawn(table, shown, room)
        if left_out:
            names = ", ".join(table.header[i] for i in left_out)
            yield Text(f"No room here for: {names}.", style="dim italic")


def _least_needed_first(table: Table) -> list[int]:
    """Columns in the order in which they are left out: those to spare, then from the right."""
    spare = [i for name in table.spare for i, head in enumerate(table.header) if head == name]
    others = reversed(range(1, len(table.header)))  # the first says what a row is
    return list(dict.fromkeys([*spare, *others]))


def _room(table: Table, shown: list[int], width: int) -> int:
    """Characters that are left when each column has its least width, a blank and a gap."""
    return width - sum(_widths(table, i)[0] + 2 for i in shown) + 1


def _drawn(table: Table, shown: list[int], room: int) -> RichTable:
    """With widths of our own: where room is short, rich takes it from the widest column."""
    drawn = RichTable(
        title=Text(table.title),
        title_justify="left",
        title_style="bold italic",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    for i in shown:
        least, most = _widths(table, i)
        more = max(0, min(room, most - least))
        room -= more
        drawn.add_column(Text(table.header[i]), width=least + more, overflow="fold")
    for row in table.rows[: table.short]:
        drawn.add_row(*(Text(row[i]) for i in shown))
    return drawn


def _widths(table: Table, column: int) -> tuple[int, int]:
    """The least and the most: only headings of several words and long cells may be wrapped."""
    name = table.header[column]
    cells = [cell_len(row[column]) for row in table.rows]
    least = max(*map(cell_len, name.split()), *(min(cell, _LONG) for cell in cells), 1)
    return least, max(cell_len(name), *cells, least)
