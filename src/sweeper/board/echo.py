"""Keeps a terminal from printing ``^C`` into the board, which would push it down a line."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

try:
    import termios
except ImportError:  # no such terminals here
    termios = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["silent_controls"]

_LOCAL_FLAGS = 3


@contextlib.contextmanager
def silent_controls() -> Iterator[None]:
    """Control characters are not shown inside; nothing is changed where stdin is no terminal."""
    if termios is None or not (sys.stdin and sys.stdin.isatty()):
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    silent = list(before)
    silent[_LOCAL_FLAGS] &= ~termios.ECHOCTL
    termios.tcsetattr(sys.stdin, termios.TCSANOW, silent)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)
