"""How often something is done that nobody should feel."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Throttle"]

_SHARE = 0.02  # of one processor


class Throttle:
    """Paces what is done again and again, so that it takes at most 2% of a processor.

    Args:
        seconds: from the end of a turn to the next one, at least.
        longest: the same, at most, however much processor time a turn takes.
    """

    def __init__(self, seconds: float, longest: float = math.inf) -> None:
        self._seconds = seconds
        self._longest = longest
        self._not_before = 0.0

    @property
    def due(self) -> bool:
        """It is time for a turn."""
        return time.monotonic() >= self._not_before

    @property
    def left(self) -> float:
        """Seconds until then."""
        return max(0.0, self._not_before - time.monotonic())

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Measure what a turn costs this thread; one that raises is followed by another at once."""
        before = time.thread_time()
        yield
        cost = time.thread_time() - before
        self._not_before = time.monotonic() + min(max(self._seconds, cost / _SHARE), self._longest)
