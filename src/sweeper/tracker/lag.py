"""What MLflow lacks, as the files say: for those who look at a sweep without driving it."""

from __future__ import annotations

from dataclasses import dataclass

from sweeper import words
from sweeper.errors import LedgerError
from sweeper.ledger.paths import SweepPaths
from sweeper.tracker.state import MirrorState, Target
from sweeper.tracker.tail import count_lines

__all__ = ["Lag", "read_lag"]


@dataclass(frozen=True, slots=True)
class Lag:
    """How far MLflow is behind.

    Attributes:
        target: the parent run, None before there is one.
        events, uploads: how many of each it lacks.
        runs: each trial's run id.
        damage: why this cannot be known; empty where it is.
    """

    target: Target | None
    events: int
    uploads: int
    runs: dict[int, str]
    damage: str = ""

    @property
    def none(self) -> bool:
        return not (self.events or self.uploads or self.damage)

    def __str__(self) -> str:
        if self.damage:
            return self.damage
        if self.none:
            return "up to date"
        return f"{words.count(self.events, 'event')}, {words.count(self.uploads, 'upload')} behind"


def read_lag(paths: SweepPaths) -> Lag:
    """Compare the history in ``paths`` with what was shipped; nothing is written or asked."""
    try:
        state = MirrorState.peek(paths.mirror)
    except LedgerError as error:
        return Lag(None, count_lines(paths.history, 0), 0, {}, str(error))
    return Lag(
        target=state.target,
        events=count_lines(paths.history, state.offset),
        uploads=len(state.owed) + len(state.wishes),
        runs=state.runs,
    )
