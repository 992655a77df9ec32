"""What a session is going to do, said before it does it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sweeper.config import Change, is_inside
from sweeper.engine.limits import gpu_hours_used
from sweeper.ledger.confirmation import NO_PROGRESS, Progress, progress
from sweeper.ledger.ledger import Ledger

__all__ = ["Contract"]

_ANEW = " (and train up to there once more: their checkpoints are on the machine that was lost)"


@dataclass(frozen=True, slots=True)
class Contract:
    """Attributes:
    done: trials that have ended.
    continuing: last reported epoch of each trial that goes on, by number.
    to_go: trials that are still to be proposed.
    inside: how many of those done are in the search space.
    changes: what the configuration has otherwise than before.
    warm: what it says of the sweeps that it began with.
    confirm: how far the trials are that train the best again.
    without_checkpoints: those of the trials that go on were left on another machine.
    budget: how much of the GPU-hours is used; empty says nothing.
    """

    done: int
    continuing: dict[int, int]
    to_go: int
    inside: int
    changes: tuple[Change, ...] = ()
    warm: tuple[str, ...] = ()
    confirm: Progress = NO_PROGRESS
    without_checkpoints: bool = False
    budget: str = ""

    @classmethod
    def of(
        cls,
        ledger: Ledger,
        changes: Sequence[Change],
        *,
        confirm_now: bool = False,
        without_checkpoints: bool = False,
    ) -> Contract:
        """What there is to do in ``ledger``.

        Args:
            confirm_now: the search does not go on, whatever is left of it.
        """
        unfinished = ledger.unfinished()
        begun = [n for n in unfinished if not (confirm_now and not ledger.is_confirming(n))]
        to_go = 0 if confirm_now else max(0, ledger.config.budget.trials - ledger.count())
        anew = confirm_now and not progress(ledger.config, ledger.history).left
        done = [r for r in ledger.history.records() if r.state.ended and not r.is_confirming]
        return cls(
            done=len(done),
            continuing={n: r.epoch if (r := ledger.history.record(n)) else 0 for n in begun},
            to_go=to_go,
            inside=sum(is_inside(ledger.config, r.params) for r in done),
            changes=tuple(changes),
            warm=ledger.warm.said,
            confirm=progress(ledger.config, ledger.history, goes_on=to_go > 0 or anew),
            without_checkpoints=without_checkpoints,
            budget=gpu_hours_used(ledger.config, ledger.history, time.time()),
        )

    @property
    def nothing_left(self) -> bool:
        return not (self.continuing or self.to_go or self.confirm.left)

    def __str__(self) -> str:
        outside = self.done - self.inside
        parts = [f"{self.done} done" + (f" ({outside} outside the search space)" * bool(outside))]
        if self.continuing:
            epochs = sorted(set(self.continuing.values()))
            after = ", ".join(map(str, epochs))
            said = f"{len(self.continuing)} continue after epoch {after}"
            parts.append(said + _ANEW * self.without_checkpoints)
        parts.append(f"{self.to_go} to go")
        if self.confirm.total:
            most = "" if self.confirm.chosen else "at most "
            parts.append(f"{self.confirm.done} confirmed, {most}{self.confirm.left} to confirm")
        if self.budget:
            parts.append(self.budget)
        return "\n".join([", ".join(parts), *self.warm, *map(str, self.changes)])
