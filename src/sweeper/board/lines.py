"""The board as plain lines, for log files and pipes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sweeper.board.state import confirms_words
from sweeper.records import TrialRecord, TrialState
from sweeper.words import duration, measured, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweeper.board.state import BoardState

__all__ = ["Lines"]

_ENDINGS = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "stopped",
    TrialState.DIVERGED: "diverged",
    TrialState.OUT_OF_MEMORY: "ran out of memory",
    TrialState.TIMED_OUT: "ran out of time",
    TrialState.FAILED: "failed",
}


class Lines:
    """Turns states into the lines that are new: one for each trial that ended, a progress line
    at most every ``every`` seconds, each message once. Trials that had ended before the first state
    are not told again.
    """

    def __init__(self, every: float) -> None:
        self._every = every
        self._told: set[int] | None = None
        self._messages = 0
        self._next = float("-inf")

    def new(self, state: BoardState, now: float) -> Iterator[str]:
        """``now`` is on any steady clock, in seconds."""
        told = {r.number for r in state.ended} if self._told is None else self._told
        fresh = [r for r in state.ended if r.number not in told]
        self._told = told | {r.number for r in fresh}
        yield from (_stamped(_ending(r, state.metric)) for r in fresh)
        yield from map(_stamped, state.messages[self._messages :])
        self._messages = len(state.messages)
        if now >= self._next:
            self._next = now + self._every
            yield _stamped(_progress(state))


def _stamped(text: str) -> str:
    return f"{time.strftime('%H:%M:%S')} {text}"


def _ending(record: TrialRecord, metric: str) -> str:
    value = "" if record.value is None else f", {metric} {measured(metric, record.value)}"
    at = f" at epoch {record.epoch}" if record.epoch else ""
    how = _ENDINGS[record.state]
    again = f" (confirms {confirms_words(record)})" if record.is_confirming else ""
    return (
        f"trial {record.number}{again} {how}{at}{value} ({settings(record.params)}){_why(record)}"
    )


def _why(record: TrialRecord) -> str:
    """The reason, without what the line says already: the value, the epoch, the end of training."""
    if record.copy_of:
        return f": {record.reason}"
    if record.state is TrialState.COMPLETE or not record.reason:
        return ""
    if record.state is TrialState.PRUNED:
        return f", {record.reason.rpartition(': ')[2].removeprefix('stopped ')}"
    return f": {record.reason}"


def _progress(state: BoardState) -> str:
    said = [f"{state.counts.ended} of {state.total} trials ended"]
    if state.confirm.total:
        said.append(f"{state.confirm.done} of {state.confirm.total} confirmations ended")
    said.append(f"{len(state.running)} running")
    if state.failure_share:
        said.append(f"{state.failure_share:.0%} could not be trained")
    if state.best is not None:
        said.append(f"best {state.metric} {measured(state.metric, state.best.value)}")
    if state.eta_seconds is not None:
        said.append(f"done in about {duration(state.eta_seconds)}")
    if state.mirror:
        said.append(f"MLflow {state.mirror}")
    if state.copy:
        said.append(f"copy {state.copy}")
    return ", ".join(said)
