"""The board while trials run, fed from the ledger."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console

from sweeper.board import Board, board_state
from sweeper.engine.conductor import Conductor
from sweeper.engine.limits import gpu_hours_used
from sweeper.ledger.confirmation import progress
from sweeper.sweep.look import paused_since
from sweeper.throttle import Throttle
from sweeper.tracker.thread import MirrorThread

__all__ = ["Watch"]

_SECONDS = 1.0


class Watch:
    """Shows what the ledger knows on ``console``, about once a second.

    Less often where that costs more than 2% of a processor: a board of 10,000 trials takes a while.
    """

    def __init__(self, conductor: Conductor, mirror: MirrorThread, console: Console) -> None:
        self._conductor = conductor
        self._mirror = mirror
        self._board = Board(console)
        self._said: list[str] = []
        self._steered = ""
        self._missed = False
        self._throttle = Throttle(_SECONDS)

    def __enter__(self) -> Self:
        self._board.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._show()
        self._board.__exit__(kind, error, trace)

    def tick(self) -> None:
        """Show what is new; free of cost when called too soon."""
        if self._throttle.due:
            with self._throttle.turn():
                self._show()

    def _show(self) -> None:
        ledger, now = self._conductor.ledger, time.time()
        self._board.update(
            board_state(
                ledger.config,
                ledger.history.counted(ledger.config.epochs),
                confirm=progress(ledger.config, ledger.history),
                slots=self._conductor.slots.concurrent,
                now=now,
                elapsed_seconds=ledger.history.elapsed(now),
                budget=gpu_hours_used(ledger.config, ledger.history, now),
                mirror=str(self._mirror.status),
                copy=str(ledger.follower.status) if ledger.follower else "",
                messages=self._messages(),
                resting=ledger.history.paused is not None,
                draining=self._conductor.ending is not None,
            )
        )

    def _messages(self) -> list[str]:
        """All that there was to say so far."""
        status = self._mirror.status
        if status.error and not status.connected and not self._missed:
            self._missed = True
            later = "the trials run, and it gets them when it can"
            self._said.append(f"MLflow cannot be reached yet ({status.error}): {later}")
        if (now := self._message()) and now != self._steered:
            self._steered = now
            self._said.append(now)
        return self._said

    def _message(self) -> str:
        conductor = self._conductor
        if conductor.pausing:
            if paused := conductor.ledger.history.paused:
                return paused_since(paused, conductor.ledger.config.name)
            return f"pausing by {conductor.pausing}: each trial leaves its worker after its epoch"
        return conductor.why or ("going on" if self._steered else "")
