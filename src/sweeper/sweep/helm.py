"""The driver's side of steering: it obeys requests and says what it is at."""

from __future__ import annotations

import time

from sweeper.engine.conductor import Conductor, Ending
from sweeper.ledger.lock import last_holder
from sweeper.ledger.note import Doing, DriverNote, write_note
from sweeper.ledger.requests import Request, Want, pending, withdraw
from sweeper.tracker.thread import MirrorThread

__all__ = ["Helm"]

_SECONDS = 0.5
_TURNED = (Ending.STOPPED, Ending.CANCELLED, Ending.ABORTED)


class Helm:
    """Looks for requests about twice a second, and keeps the driver's note true.

    Args:
        tracking_uri: where the sweep is mirrored to, fit to be written down; empty for MLflow's
            default.
    """

    def __init__(self, conductor: Conductor, mirror: MirrorThread, tracking_uri: str) -> None:
        self._conductor = conductor
        self._mirror = mirror
        self._uri = tracking_uri
        self._paths = conductor.ledger.paths
        driver = last_holder(self._paths.lock)
        self._address = driver.address if driver else ""
        self._note: DriverNote | None = None
        self._next = 0.0
        self._say()

    def tick(self) -> None:
        """Obey what is wanted, and note what the copy shall have; free when called too soon."""
        self._follow()
        if time.monotonic() >= self._next:
            if (request := pending(self._paths)) is not None:
                withdraw(self._paths)
                self._obey(request)
            self._say()
            self._next = time.monotonic() + _SECONDS

    def close(self) -> None:
        """Training is over, and nothing is obeyed any more."""
        self._say(Doing.CLOSING)

    def _obey(self, request: Request) -> None:
        conductor, by = self._conductor, request.by
        if request.to != self._address:
            return  # it was for a driver that is no more
        if request.want is Want.STOP:
            conductor.stop(f"`sweeper stop` by {by}")
        elif request.want is Want.CANCEL:
            conductor.cancel(
                f"`sweeper cancel` by {by}: running trials are left for `sweeper resume`"
            )
        elif request.want is Want.PAUSE:
            conductor.pause(by)
        else:
            conductor.go()

    def _follow(self) -> None:
        follower = self._conductor.ledger.follower
        if follower is None:
            return
        follower.note()
        if follower.taken_over and self._conductor.ending is not Ending.CANCELLED:
            left = "running trials are left to it"
            self._conductor.cancel(f"{follower.taken_over}: {left}")

    def _say(self, doing: Doing | None = None) -> None:
        follower = self._conductor.ledger.follower
        note = DriverNote(
            doing=doing or self._doing(),
            slots=self._conductor.slots.concurrent,
            why=self._why(),
            trouble=self._mirror.status.error,
            tracking_uri=self._uri,
            copy_trouble=follower.status.trouble if follower else "",
        )
        if note != self._note:
            write_note(self._paths, note)
            self._note = note

    def _doing(self) -> Doing:
        conductor = self._conductor
        if conductor.pausing:
            return Doing.PAUSED if conductor.ledger.history.paused else Doing.PAUSING
        return Doing.STOPPING if conductor.ending in _TURNED else Doing.RUNNING

    def _why(self) -> str:
        conductor = self._conductor
        return f"by {conductor.pausing}" if conductor.pausing else conductor.why
