"""The progress of reading a data set, where there is somebody to see it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from sweeper.data import reading
from sweeper.data.reading import Reading

__all__ = ["reading_shown"]

_WORTH_A_BAR = 500  # recordings; fewer are read in a moment


@contextmanager
def reading_shown(console: Console, how: Reading | None = None) -> Iterator[None]:
    """Show how many recordings of a large data set have been read; what was kept shows nothing."""
    columns = (
        TextColumn("reading recordings"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task("", total=None)

    def show(done: int, total: int) -> None:
        if console.is_terminal and total >= _WORTH_A_BAR:
            bar.start()
            bar.update(task, completed=done, total=total)

    try:
        with reading.using(dataclasses.replace(how or reading.current(), progress=show)):
            yield
    finally:
        if bar.live.is_started:  # else it would print an empty line
            bar.stop()
