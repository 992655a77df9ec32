"""The board: give it states, it shows them."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from rich.live import Live
from rich.text import Text

from sweeper.board.echo import silent_controls
from sweeper.board.lines import Lines
from sweeper.board.live import picture

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console, RenderableType

    from sweeper.board.state import BoardState

__all__ = ["Board"]

_FRAMES = 2  # a second


class Board:
    """Shows a running sweep on ``console``; a context manager.

    In a terminal, one picture that is drawn over at most twice a second and is gone at the end,
    when the summary takes its place; what others print meanwhile appears above it. Elsewhere plain
    lines: each trial's end, and a progress line at most every ``every`` seconds.
    """

    def __init__(self, console: Console, every: float = 30.0) -> None:
        self._console = console
        self._state: BoardState | None = None
        self._taken = 0.0
        self._lines = Lines(every)
        self._quiet = ExitStack()
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(
                get_renderable=self._picture,
                console=console,
                refresh_per_second=_FRAMES,
                transient=True,
            )

    def __enter__(self) -> Self:
        if self._live:
            self._quiet.enter_context(silent_controls())
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._quiet:
            if self._live:
                self._live.stop()

    def update(self, state: BoardState) -> None:
        """Show ``state``; cheap, and may be called as often as one likes."""
        self._state, self._taken = state, time.monotonic()
        if self._live is None:
            for line in self._lines.new(state, self._taken):
                self._console.print(Text(line), soft_wrap=True, highlight=False)

    def _picture(self) -> RenderableType:
        if self._state is None:
            return Text("Starting ...", style="dim")
        since = time.monotonic() - self._taken
        return picture(self._state, since, self._console.height)
