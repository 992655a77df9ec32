"""The board as one picture for a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Group
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sweeper.words import duration, measured, number, settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from sweeper.board.state import BoardState

__all__ = ["picture"]

_FRAME = 12  # lines that the board needs beside the running trials
_MESSAGES = 3  # lines
_COLUMNS = 6  # parameters shown of a running trial
_LOOKS = {
    "finished": "green",
    "stopped": "bright_black",
    "diverged": "red",
    "out_of_memory": "dark_orange",
    "timed_out": "yellow",
    "failed": "bold red",
    "running": "cyan",
    "interrupted": "yellow",
}


def picture(state: BoardState, since: float, height: int | None = None) -> RenderableType:
    """The board ``since`` seconds after its state was taken.

    Args:
        height: the most lines; where it is None, everything is there and whole.
    """
    whole = height is None
    parts: list[RenderableType] = [_progress(state, since), _counts(state), *_facts(state, whole)]
    if state.running:
        room = len(state.running) if height is None else max(height - _FRAME - _MESSAGES, 1)
        parts += ["", _running(state, room)]
    parts.append(_Messages(state.messages, None if whole else _MESSAGES))
    return Panel(Group(*parts), title=Text(state.name, "bold"), title_align="left")


def _progress(state: BoardState, since: float) -> Table:
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(ratio=1)
    grid.add_column(no_wrap=True, justify="right")
    said = [f"{state.counts.ended} of {state.total} trials"]
    if state.confirm.total:
        said.append(f"{state.confirm.done} of {state.confirm.total} confirmations")
    if state.elapsed_seconds is not None:
        worked = state.elapsed_seconds + (0.0 if state.resting else since)
        said.append(f"{duration(worked)} so far")
    if not state.resting:
        left = None if state.eta_seconds is None else max(state.eta_seconds - since, 0.0)
        said.append("done in ?" if left is None else f"done in about {duration(left)}")
    bar = ProgressBar(total=max(state.total, 1), completed=state.counts.ended)
    grid.add_row(bar, Text("  ".join(said)))
    return grid


def _counts(state: BoardState) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    for name, style in _LOOKS.items():
        how_many = getattr(state.counts, name)
        if how_many or name in ("finished", "running"):
            line.append(f"{how_many} {name.replace('_', ' ')}   ", style=style)
    if state.failure_share:
        line.append(f"{state.failure_share:.0%} could not be trained", style="red")
    return line


def _facts(state: BoardState, whole: bool) -> Iterator[Table]:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True, min_width=6)
    grid.add_column(no_wrap=not whole, overflow="fold" if whole else "ellipsis")
    if state.best is not None:
        value = measured(state.metric, state.best.value)
        text = Text(f"{state.metric} {value}", style="bold green")
        which = f"  trial {state.best.number}: {settings(state.best.params)}"
        text.append(which, style="default")
        grid.add_row("best", text)
    if state.region:
        grid.add_row("region", Text(state.region))
    if state.budget:
        grid.add_row("budget", Text(state.budget))
    if state.mirror:
        grid.add_row("MLflow", Text(state.mirror))
    if state.copy:
        grid.add_row("copy", Text(state.copy))
    if grid.row_count:
        yield grid


def _running(state: BoardState, most: int) -> Table:
    names = list(dict.fromkeys(name for trial in state.running for name in trial.params))
    names = names[:_COLUMNS]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("trial", no_wrap=True, min_width=5)
    for name in names:
        table.add_column(Text(name), no_wrap=True)
    table.add_column("epoch", no_wrap=True, justify="right", min_width=5)
    table.add_column("", width=12)
    table.add_column(Text(state.metric), no_wrap=True, min_width=len(state.metric))
    for trial in state.running[:most]:
        table.add_row(
            str(trial.number),
            *(number(trial.params.get(name)) for name in names),
            f"{trial.epoch}/{trial.epochs}",
            ProgressBar(total=max(trial.epochs, 1), completed=trial.epoch, width=12),
            measured(state.metric, trial.value),
        )
    if len(state.running) > most:
        table.add_row(Text(f"+{len(state.running) - most}", style="dim"))
    return table


class _Messages:
    """The last messages, whole if there is room for them in ``most`` lines."""

    def __init__(self, messages: Sequence[str], most: int | None) -> None:
        self._messages, self._most = messages, most

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        most = sys.maxsize if self._most is None else self._most
        shown: list[Text] = []
        for message in reversed(self._messages):
            lines = Text(message, style="yellow").wrap(console, options.max_width)
            if shown and len(shown) + len(lines) > most:
                break
            shown = [*lines[:most], *shown]
        yield from shown
