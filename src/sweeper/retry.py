"""Work in the background that is done again and again, whatever happens to it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

__all__ = ["Repeated", "in_time"]

_IN_TIME_SECONDS = 10.0


def in_time(lacking: int, late: float) -> bool:
    """Whether what is lacking is no more than what is always on its way, being shipped in turns.

    Args:
        late: seconds since the last turn that brought all there was.
    """
    return not lacking or late < _IN_TIME_SECONDS


class Repeated:
    """An action with pauses after each failure, which grow from one to the next.

    Args:
        shortest, longest: of the pauses, in seconds.
        reason: what to say of an error, in one line.
        log: is told each reason once, as long as it stays the same.

    Attributes:
        error: why it failed; empty while it does not.
        failed_since: seconds since 1970; None while it does not.
    """

    def __init__(
        self,
        action: Callable[[], None],
        shortest: float,
        longest: float,
        reason: Callable[[Exception], str],
        log: logging.Logger,
    ) -> None:
        self._action = action
        self._shortest, self._longest = shortest, longest
        self._reason, self._log = reason, log
        self._pause = shortest
        self._not_before = 0.0
        self.error = ""
        self.failed_since: float | None = None

    def run(self, *, now: bool) -> bool:
        """Do it unless it is pausing, or regardless with ``now``; whether it is done."""
        if not now and time.monotonic() < self._not_before:
            return False
        try:
            self._action()
        except Exception as error:  # whatever happens here, the sweep goes on
            self._fail(error)
            return False
        self._pause, self._not_before, self.error, self.failed_since = self._shortest, 0.0, "", None
        return True

    def _fail(self, error: Exception) -> None:
        text = self._reason(error)
        if text != self.error:
            self._log.warning("%s", text, exc_info=error)
        self.error, self.failed_since = text, self.failed_since or time.time()
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, self._longest)
