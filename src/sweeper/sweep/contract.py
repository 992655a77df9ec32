"""What a session is going to do, said before it does it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sweeper.config import Change, is_inside
from sweeper.engine.limits import gpu_hours_used
from sweeper.ledger.confirmation import NO_PROGRESS, Progress, progress
from sweeper.ledger.ledger import Ledger
from sweeper.records import TrialRecord, TrialState, counted
from sweeper.sweep.code_changes import change_since
from sweeper.words import count

__all__ = ["Contract"]

_ANEW = " (and train up to there once more: their checkpoints are on the machine that was lost)"
_ALIKE = 2
"""Trials that fail for the same reason from which that is no accident."""


@dataclass(frozen=True, slots=True)
class Contract:
    """Attributes:
    done: trials that have ended.
    continuing: last reported epoch of each trial that goes on, by number.
    to_go: trials that are still to be proposed.
    inside: how many of those done are in the search space.
    cut_short: how many of them were whole with fewer epochs, by those; they count as stopped early.
    changes: what the configuration has otherwise than before.
    code: that trials are trained with other code than before; empty where they are not.
    warm: what it says of the sweeps that it began with.
    confirm: how far the trials are that train the best again.
    failed: of failed trials and that they can be tried again, or are; empty without any.
    without_checkpoints: those of the trials that go on were left on another machine.
    budget: how much of the GPU-hours is used; empty says nothing.
    """

    done: int
    continuing: dict[int, int]
    to_go: int
    inside: int
    cut_short: Mapping[int, int] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    code: str = ""
    warm: tuple[str, ...] = ()
    confirm: Progress = NO_PROGRESS
    failed: str = ""
    without_checkpoints: bool = False
    budget: str = ""

    @classmethod
    def of(
        cls,
        ledger: Ledger,
        changes: Sequence[Change],
        *,
        confirm_now: bool = False,
        retried: int | None = None,
        without_checkpoints: bool = False,
    ) -> Contract:
        """What there is to do in ``ledger``.

        Args:
            confirm_now: the search does not go on, whatever is left of it.
            retried: how many failed trials are tried again; None where nobody asked for it.
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
            cut_short=Counter(r.epoch for r in done if counted(r, ledger.config.epochs) is not r),
            changes=tuple(changes),
            code=change_since(ledger.history, ledger.setting),
            warm=ledger.warm.said,
            confirm=progress(ledger.config, ledger.history, goes_on=to_go > 0 or anew),
            failed=_of_failed(ledger, done) if retried is None else _of_retried(retried),
            without_checkpoints=without_checkpoints,
            budget=gpu_hours_used(ledger.config, ledger.history, time.time()),
        )

    @property
    def nothing_left(self) -> bool:
        return not (self.continuing or self.to_go or self.confirm.left)

    def __str__(self) -> str:
        parts = [f"{self.done} done{self._remarks()}"]
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
        code = "" if self.nothing_left else self.code
        lines = (", ".join(parts), *self.warm, self.failed, *map(str, self.changes), code)
        return "\n".join(filter(None, lines))

    def _remarks(self) -> str:
        """What does not count in full of the trials that are done."""
        outside = self.done - self.inside
        said = [f"{outside} outside the search space"] * bool(outside)
        for epochs, trials in sorted(self.cut_short.items()):
            counts = "count" if trials > 1 else "counts"
            said.append(f"{trials} of {count(epochs, 'epoch')} {counts} as stopped early")
        return f" ({', '.join(said)})" if said else ""


def _of_retried(retried: int) -> str:
    if retried == 0:
        return "no failed trial to try again"
    tried = "is" if retried == 1 else "are"
    return f"{count(retried, 'failed trial')} {tried} tried again"


def _of_failed(ledger: Ledger, done: Sequence[TrialRecord]) -> str:
    """Trials that failed alike did so for a mistake that may have been mended by now."""
    reasons = Counter(r.reason for r in done if r.state is TrialState.FAILED)
    reason, alike = reasons.most_common(1)[0] if reasons else ("", 0)
    if alike < _ALIKE:
        return ""
    again = f"`sweeper resume {ledger.config.name} --retry-failed` tries them again"
    return f"{alike} trials failed alike ({reason}): once that is mended, {again}"
