"""A sweep as it can be seen from outside, by reading its folder and disturbing nobody."""

from __future__ import annotations

import enum
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sweeper import words
from sweeper.board import BoardState, board_state
from sweeper.config import SweepConfig
from sweeper.engine.limits import gpu_hours_used, hours_used_up, is_over
from sweeper.errors import LedgerError
from sweeper.ledger.confirmation import Progress, progress
from sweeper.ledger.history import History, read_history
from sweeper.ledger.lock import Holder, holder, last_beat, last_holder
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.note import Doing, DriverNote, read_note
from sweeper.ledger.paths import SweepPaths
from sweeper.tracker.lag import Lag, read_lag

__all__ = ["Look", "Standing", "ago", "look", "paused_since", "read_config"]


class Standing(enum.StrEnum):
    """How a sweep stands."""

    NEW = "not begun"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    PAUSING = "pausing"
    PAUSED = "paused"
    CLOSING = "closing"
    FINISHED = "finished"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    ABORTED = "aborted"
    LOST = "driver lost"

    @property
    def working(self) -> bool:
        """Trials run, or are about to."""
        return self in (Standing.STARTING, Standing.RUNNING, Standing.STOPPING, Standing.PAUSING)


@dataclass(frozen=True)
class Look:
    """One look at a sweep; what follows from it is worked out once, with thousands of trials dear.

    Attributes:
        holder: who works on it now; None for nobody.
        lost: who died with its lock; None where the last one left in order.
        beat: the last sign of life of one of these, in seconds since 1970.
        note: what the last driver said of itself.
        at: when it was looked at.
    """

    paths: SweepPaths
    config: SweepConfig
    manifest: Manifest
    history: History
    holder: Holder | None
    lost: Holder | None
    beat: float | None
    note: DriverNote | None
    lag: Lag
    at: float

    @property
    def name(self) -> str:
        return self.paths.root.name

    @property
    def standing(self) -> Standing:
        if self.holder and self.history.in_session:
            return Standing(self.note.doing) if self.note else Standing.RUNNING
        if self.history.in_session:
            return Standing.LOST
        if self.holder and self.note and self.note.doing is Doing.CLOSING:
            return Standing.CLOSING
        if self.history.last_end is None:
            return Standing.STARTING if self.holder else Standing.NEW
        reason = self.history.last_end["reason"]
        return Standing.LOST if reason == "lost" else Standing(reason)

    @property
    def last_active(self) -> float:
        """The last event, or when the sweep was made; seconds since 1970."""
        return self.history.last_time or self.manifest.created

    @cached_property
    def unfinished(self) -> bool:
        """Whether a further session has something to do."""
        if hours_used_up(self.config, self.history, self._until):
            return self.confirm.left > 0 and self.confirm.by_hand
        if self.confirm.left:
            return True
        if self.board.counts.ended >= self.config.budget.trials:
            return False
        return not is_over(self.config, self.history, self._until)

    @property
    def _until(self) -> float:
        """Until when its time counts: a driver that was lost or has left spends none."""
        return self.at if self.standing.working else self.last_active

    @property
    def gpu_seconds(self) -> float:
        """What its trials have taken, times the GPUs of each."""
        return self.history.gpu_seconds(self._until)

    @cached_property
    def confirm(self) -> Progress:
        """How far the trials are that train the best again."""
        return progress(self.config, self.history)

    @cached_property
    def board(self) -> BoardState:
        """What the board shows of it."""
        at = self._until
        return board_state(
            self.config,
            self.history.counted(self.config.epochs),
            confirm=self.confirm,
            slots=self.note.slots if self.note else 1,
            now=at,
            elapsed_seconds=self.history.elapsed(at),
            budget=gpu_hours_used(self.config, self.history, at),
            mirror=self.mirror_words,
            copy=self.copy_trouble,
            messages=[self.why] if self.why else [],
            resting=not self.standing.working,
            draining=self.standing is Standing.STOPPING,
        )

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        """The sweep's summary.json; empty where there is none, or more has happened since."""
        if self.standing.working:
            return {}
        try:
            said = json.loads((self.paths.summary / "summary.json").read_text("utf-8"))
            return said if said["written"] >= self.last_active else {}
        except (OSError, ValueError, LookupError, TypeError):
            return {}

    @property
    def verdict(self) -> str:
        return str(self.summary.get("verdict", ""))

    @property
    def enough_trials(self) -> int:
        """A total of trials to go on to: the summary's, or half more than now."""
        total = self.config.budget.trials
        return int(self.summary.get("more", total + max(8, total // 2)))

    @property
    def why(self) -> str:
        """Why it stands so, where there is more to say."""
        if self.standing is Standing.PAUSED and self.history.paused:
            return paused_since(self.history.paused, self.name)
        if self.standing is Standing.LOST:
            return f"the driver was lost{self._last_sign}; its trials go on with the next session"
        if self.history.last_end is not None:
            return str(self.history.last_end.get("why", ""))
        return self.note.why if self.note and self.holder else ""

    @property
    def _last_sign(self) -> str:
        if self.lost is None or self.beat is None:
            return ""
        return f" ({self.lost}, last sign of life {ago(self.at - self.beat)})"

    @property
    def trouble(self) -> str:
        """Why MLflow is behind, as the driver says; empty while all is well."""
        return self.note.trouble if self.note and self.holder else ""

    @property
    def copy_trouble(self) -> str:
        """Why the ledger's copy is behind, as the last driver said; empty while all is well."""
        return self.note.copy_trouble if self.note else ""

    @property
    def mirror_words(self) -> str:
        return f"{self.lag}: {self.trouble}" if self.trouble else str(self.lag)


def ago(seconds: float) -> str:
    """``5 min ago``; clocks of two machines may differ, but nothing is seen in the future."""
    return f"{words.duration(max(0.0, seconds))} ago"


def paused_since(paused: Mapping[str, Any], name: str) -> str:
    """Who paused the sweep and how it goes on, from the history's event."""
    since = time.strftime("%H:%M", time.localtime(paused["time"]))
    return f"paused since {since} by {paused['by']}; `sweeper resume {name}` goes on"


def look(paths: SweepPaths, history: History | None = None) -> Look:
    """Look at the sweep in ``paths`` now.

    Args:
        history: what is known of it already; read where nobody gives it.

    Raises:
        LedgerError: a part of it is damaged; says which.
    """
    manifest = Manifest.read(paths)
    return Look(
        paths=paths,
        config=read_config(manifest, paths),
        manifest=manifest,
        history=read_history(paths.history) if history is None else history,
        holder=holder(paths.lock),
        lost=last_holder(paths.lock),
        beat=last_beat(paths.lock),
        note=read_note(paths),
        lag=read_lag(paths),
        at=time.time(),
    )


def read_config(manifest: Manifest, paths: SweepPaths) -> SweepConfig:
    """The configuration of a sweep.

    Raises:
        LedgerError: it is none that this sweeper knows.
    """
    try:
        return SweepConfig.from_json(manifest.config)
    except ValueError as error:
        first = str(error).splitlines()[0]
        raise LedgerError(f"{paths.manifest} holds no configuration: {first}") from error
