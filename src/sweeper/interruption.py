"""Being ended from outside while no trial runs: at once, but in order."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Terminated", "deaf", "terminable"]

_OTHERS = (signal.SIGTERM, signal.SIGHUP)


class Terminated(KeyboardInterrupt):
    """As Ctrl-C, but by a signal that means the whole session."""


@contextmanager
def terminable() -> Iterator[None]:
    """Let the first SIGTERM or SIGHUP raise `Terminated`; none where nohup has it ignored.

    The second is ignored: a closed terminal's comes from the kernel and again from `uv run`, and
    must not cut what the first one has begun.
    """

    def terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        for other in heard:
            signal.signal(other, signal.SIG_IGN)
        raise Terminated(signal.Signals(number).name)

    heard = [n for n in _OTHERS if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, terminate) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def deaf() -> None:
    """Hear no further signal: the rest takes only a moment, and must not be torn."""
    for number in (signal.SIGINT, *_OTHERS):
        signal.signal(number, signal.SIG_IGN)
