"""The copy of the ledger in the background: no trial ever waits for the database."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweeper import words
from sweeper.courier import Courier
from sweeper.errors import SweeperError
from sweeper.ledger.cut import Cut, take
from sweeper.ledger.paths import SweepPaths
from sweeper.retry import Repeated, in_time
from sweeper.throttle import Throttle

if TYPE_CHECKING:
    from sweeper.ledger.replica import Replica

__all__ = ["Follower", "FollowerStatus", "followed"]

_log = logging.getLogger(__name__)
_PARTING_SECONDS = 10.0
_SILENCE_SECONDS = 60.0
"""A database that has answered nothing for so long does not answer."""


@dataclass(frozen=True, slots=True)
class FollowerStatus:
    """How the copy stands, for the board.

    Attributes:
        behind: bytes that it lacks.
        since: when it began to fail, in seconds since 1970; None while it does not.
        error: why; empty while all is well.
        late: seconds since the last turn that brought all there was.
    """

    behind: int
    since: float | None
    error: str
    late: float = field(default=0.0, compare=False)

    @property
    def trouble(self) -> str:
        """What is the matter, the same words as long as it lasts; empty while all is well."""
        if not self.error:
            return ""
        clock = time.strftime("%H:%M:%S", time.localtime(self.since))
        return f"behind since {clock}: {self.error}"

    def __str__(self) -> str:
        if not self.error:
            return "up to date" if in_time(self.behind, self.late) else "catching up"
        return f"{words.count(self.behind, 'byte')} {self.trouble}"


class Follower:
    """Brings a `Replica` up to date about once per ``interval`` seconds.

    Errors are kept for `status` and tried again after pauses that grow up to ``longest`` seconds.

    Args:
        generation: of the sweep's study.

    Attributes:
        taken_over: who has the sweep now, in words; empty while it is ours.
    """

    def __init__(
        self,
        replica: Replica,
        paths: SweepPaths,
        generation: int = 0,
        interval: float = 1.0,
        longest: float = 10.0,
    ) -> None:
        self._replica = replica
        self._paths = paths
        self._generation = generation
        self._interval = interval
        self._throttle = Throttle(interval)
        self._cut: Cut = {}
        self._ship = Repeated(self._once, interval, longest, _reason, _log)
        self._courier = Courier("ledger-copy", self._ship_all, lambda: interval, replica.close)
        self.taken_over = ""

    @property
    def uri(self) -> str:
        return self._replica.uri

    def start(self) -> None:
        """Bring the copy up to date, and keep it so from now on.

        Raises:
            LedgerError: the database does not answer.
        """
        self._cut = take(self._paths, self._generation)
        self._replica.ship(self._cut)
        self._courier.start()

    def note(self, *, now: bool = False) -> None:
        """Remember how far the logs are, for the copy to come; free of cost when called too soon.

        For the thread that writes them, between two writes.
        """
        if now or self._throttle.due:
            with self._throttle.turn():
                self._cut = take(self._paths, self._generation)
            self._courier.wake()

    def safe(self) -> int:
        """How many bytes of the history the copy has: what others may rely on."""
        return self._replica.shipped.get(self._paths.history.name, 0)

    @property
    def status(self) -> FollowerStatus:
        """How it stands now; never waits for the database."""
        shipped = dict(self._replica.shipped)
        behind = sum(max(0, end - shipped.get(name, 0)) for name, end in self._cut.items())
        since, error = self._ship.failed_since, self._ship.error
        late = self._courier.late
        if not error and late > _SILENCE_SECONDS:
            since, error = time.time() - late, f"{self.uri} does not answer"
        return FollowerStatus(behind, since, error, late)

    def flush(self, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds until the copy has all that there is by now.

        For the thread that writes the logs.
        """
        self.note(now=True)
        return self._courier.flush(timeout)

    def close(self) -> None:
        """Ship what is left, unless that has been failing; then let go of the sweep."""
        if self._courier.runs and not self.status.error:
            self.flush(_PARTING_SECONDS)
        if self._courier.close(self._interval):
            self._replica.close()

    def _ship_all(self, wanted: bool) -> bool:
        return self._ship.run(now=wanted)

    def _once(self) -> None:
        from sweeper.ledger.database import TakenOver

        try:
            self._replica.ship(self._cut)
        except TakenOver as error:
            self.taken_over = str(error)
            self._courier.stop()
            raise


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, SweeperError) else f"{type(error).__name__}: {error}"


@contextmanager
def followed(paths: SweepPaths, uri: str | None, generation: int) -> Iterator[Follower | None]:
    """What keeps the copy of the sweep in ``uri``, once it is started; None for no copy.

    Args:
        generation: of the study that the sweep goes on with.

    Raises:
        SweepLocked, LedgerError: as `Replica`.
    """
    if uri is None:
        yield None
        return
    from sweeper.ledger.replica import Replica  # SQLAlchemy takes a moment

    follower = Follower(Replica(paths, uri), paths, generation)
    try:
        yield follower
    finally:
        follower.close()
