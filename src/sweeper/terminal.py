"""The console that commands print to."""

from __future__ import annotations

import os
import re
from typing import IO, TYPE_CHECKING

from rich.console import Console, RenderHook
from rich.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import ConsoleOptions, ConsoleRenderable, RenderableType, RenderResult

__all__ = ["terminal"]


def terminal(file: IO[str] | None = None, *, soft_wrap: bool = False) -> Console:
    """A console on ``file``, by default standard output; in pipes no line ends in blanks.

    Args:
        soft_wrap: long lines are left to the terminal, so that they can be copied whole.
    """
    # a user's ":b:" is text, and no picture of a letter
    console = _Terminal(file=file, highlight=False, emoji=False, soft_wrap=soft_wrap)
    if not console.is_terminal:
        console.push_render_hook(_Trim())
    return console


class _Terminal(Console):
    def on_broken_pipe(self) -> None:
        """Write to nobody where the reader has left, as ``| head`` does: a sweep still goes on."""
        nobody = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nobody, self.file.fileno())
        os.close(nobody)


class _Trim(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Trimmed(renderable) for renderable in renderables]


class _Trimmed:
    """A renderable without the blanks with which rich fills lines up."""

    def __init__(self, inner: RenderableType) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from _trimmed(console.render(self._inner, options))


def _trimmed(segments: Iterable[Segment]) -> Iterator[Segment]:
    blanks: list[Segment] = []  # to be printed if something follows on their line
    for text, style, control in segments:
        for piece in re.split(r"(\n)", text):
            body = piece.rstrip(" ")
            if body and body != "\n":
                yield from blanks
            if body:
                blanks.clear()
                yield Segment(body, style, control)
            if len(body) < len(piece):
                blanks.append(Segment(piece[len(body) :], style))
    yield from blanks
