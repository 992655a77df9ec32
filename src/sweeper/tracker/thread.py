"""The mirror in the background: no trial ever waits for MLflow."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sweeper import words
from sweeper.courier import Courier
from sweeper.errors import SweeperError
from sweeper.retry import Repeated, in_time
from sweeper.throttle import Throttle
from sweeper.tracker.mirror import Mirror
from sweeper.tracker.quiet import reason

__all__ = ["MirrorStatus", "MirrorThread"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    """How the mirror stands, for the board.

    Attributes:
        behind: events that are not in MLflow.
        owed: uploads that are not in MLflow.
        since: when it fell behind, in seconds since 1970; None while all is well.
        error: why; empty while all is well.
        remarks: what a person should know that stops nothing.
        late: seconds since the last turn that brought all there was into MLflow.
        connected: MLflow has answered.
    """

    behind: int
    owed: int
    since: float | None
    error: str
    remarks: tuple[str, ...] = ()
    late: float = field(default=0.0, compare=False)
    connected: bool = field(default=True, compare=False)

    def __str__(self) -> str:
        if not (self.error or self.connected):
            return "MLflow not connected yet"
        if not self.error:
            well = in_time(self.behind + self.owed, self.late)
            return "MLflow up to date" if well else "MLflow is catching up"
        clock = time.strftime("%H:%M:%S", time.localtime(self.since))
        return f"MLflow is {self.lacks} behind since {clock}: {self.error}"

    @property
    def lacks(self) -> str:
        """What is not in MLflow, in words."""
        return f"{words.count(self.behind, 'event')} and {words.count(self.owed, 'upload')}"


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, SweeperError) else reason(error)


class MirrorThread:
    """Keeps a `Mirror` up to date about once per ``interval`` seconds.

    Where shipping is dear, up to five times less often, so that it stays a small share of one
    processor. Errors are kept for `status` and tried again after pauses that grow from
    ``interval`` to ``longest`` seconds.

    Args:
        tell: called in this thread whenever MLflow is up to date.
    """

    def __init__(
        self,
        mirror: Mirror,
        interval: float = 1.0,
        longest: float = 30.0,
        tell: Callable[[], None] = lambda: None,
    ) -> None:
        self._mirror = mirror
        self._throttle = Throttle(interval, longest=5 * interval)

        def repeated(action: Callable[[], None]) -> Repeated:
            return Repeated(action, interval, longest, _reason, _log)

        self._sync = repeated(lambda: mirror.sync(self._is_closing))
        self._settle = repeated(lambda: mirror.settle(self._is_closing))
        self._tell = repeated(tell)
        self._finish = repeated(mirror.finish)
        self._leaving = False
        self._courier = Courier(
            "mlflow-mirror", self._turn, lambda: self._throttle.left, self._settle_up
        )

    def start(self, hold: float = 0.0) -> None:
        """Begin; MLflow is imported in the background too.

        Args:
            hold: the most seconds until then, for a driver that has more urgent things to do first.
                `let_go`, `flush` and `close` end it.
        """
        self._courier.start(hold)

    def let_go(self) -> None:
        """Nothing urgent is left to be done first."""
        self._courier.let_go()

    @property
    def status(self) -> MirrorStatus:
        """How it stands now; never waits for MLflow."""
        # not `_tell`: where MLflow cannot be reached the others say so, and nothing is owed to it
        failing = [task for task in (self._sync, self._settle, self._finish) if task.error]
        return MirrorStatus(
            behind=self._mirror.behind,
            owed=self._mirror.owed,
            since=min((t.failed_since for t in failing if t.failed_since), default=None),
            error=failing[0].error if failing else "",
            remarks=tuple(self._mirror.remarks),
            late=self._courier.late,
            connected=self._mirror.connected,
        )

    def flush(self, timeout: float, with_errors: float | None = None) -> bool:
        """Wait until all that is known by now is in MLflow.

        Args:
            timeout: the most seconds.
            with_errors: the same while MLflow fails, which may become known while waiting.
        """
        if with_errors is None:
            return self._courier.flush(timeout)
        end = time.monotonic() + with_errors
        return self._courier.flush(
            timeout, give_up=lambda: time.monotonic() > end and bool(self.status.error)
        )

    def close(self, timeout: float) -> bool:
        """Flush, set right what is left over, and stop within about ``timeout`` seconds.

        Returns:
            Whether everything is in MLflow; what is not, the next session or `sync` ships.
        """
        end = time.monotonic() + timeout
        clean = self.flush(timeout)
        ended = self._courier.close(max(0.0, end - time.monotonic()))
        return clean and ended and not self.status.error

    def leave(self, timeout: float) -> None:
        """Stop within about ``timeout`` seconds, and leave MLflow as it is."""
        self._leaving = True
        self._courier.close(timeout)

    def _is_closing(self) -> bool:
        return self._courier.closing

    def _turn(self, wanted: bool) -> bool:
        with self._throttle.turn():
            clean = self._sync.run(now=wanted) and self._settle.run(now=wanted)
            if clean and not wanted:
                self._tell.run(now=False)
        return clean

    def _settle_up(self) -> None:
        if not (self._leaving or self._sync.error or self._settle.error):
            self._finish.run(now=True)
