"""A thread that brings something up to date in turns, and lets others wait for one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["Courier"]


class Courier:
    """Takes turn after turn in a thread of its own until it is closed.

    Args:
        name: of the thread.
        turn: brings all that is known as it begins, and returns whether all of it arrived; told
            whether somebody waits for that.
        pause: seconds until the next turn, asked after each.
        last: called in the thread after the last turn.
    """

    def __init__(
        self,
        name: str,
        turn: Callable[[bool], bool],
        pause: Callable[[], float],
        last: Callable[[], None],
    ) -> None:
        self._turn, self._pause, self._last = turn, pause, last
        self._changed = threading.Condition()
        self._woken = self._asked = self._flushed = 0
        self._hold_seconds = 0.0
        self._complete_at = time.monotonic()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self, hold: float = 0.0) -> None:
        """Begin, after ``hold`` seconds at most; `let_go`, `flush` and `stop` end the wait."""
        self._hold_seconds = hold
        self._thread.start()

    def let_go(self) -> None:
        """Nothing is left to be waited for at the start."""
        if self._hold_seconds:
            with self._changed:
                self._hold_seconds = 0.0
                self._changed.notify_all()

    def wake(self) -> None:
        """Have a turn as soon as the present one is over."""
        with self._changed:
            self._woken += 1
            self._changed.notify_all()

    def flush(self, timeout: float, give_up: Callable[[], bool] = lambda: False) -> bool:
        """Wait up to ``timeout`` seconds until all that is known by now has arrived.

        Args:
            give_up: asked after each turn whether to wait no longer.
        """
        with self._changed:
            self._asked += 1
            wanted = self._asked
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._flushed >= wanted or self._closing or give_up(), timeout
            )
            return self._flushed >= wanted

    def stop(self) -> None:
        """Have no further turn; for any thread, the courier's own too."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    def close(self, timeout: float) -> bool:
        """Stop, and wait up to ``timeout`` seconds for the end; whether it came, or never began."""
        self.stop()
        if self.runs:
            self._thread.join(timeout)
        return not self.runs

    @property
    def runs(self) -> bool:
        return self._thread.is_alive()

    @property
    def closing(self) -> bool:
        return self._closing

    @property
    def late(self) -> float:
        """Seconds since the last turn that brought all there was."""
        return time.monotonic() - self._complete_at

    def _work(self) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: not self._hold_seconds or self._closing or self._asked > 0,
                self._hold_seconds,
            )
        while not self._closing:
            self._once()
        self._last()

    def _once(self) -> None:
        with self._changed:
            asked, woken = self._asked, self._woken
        complete = self._turn(asked > self._flushed)
        with self._changed:
            if complete:
                self._flushed, self._complete_at = asked, time.monotonic()
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._closing or self._asked > asked or self._woken > woken, self._pause()
            )
