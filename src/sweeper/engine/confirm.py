"""The stage after the search: the best configurations again, with fresh seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper import words
from sweeper.engine.choice import choose
from sweeper.ledger.confirmation import ConfirmPlan, Progress, lacking, progress

if TYPE_CHECKING:
    from sweeper.ledger.ledger import Ledger

__all__ = ["ConfirmStage"]


@dataclass
class ConfirmStage:
    """Hands out its trials once every trial of the search has ended.

    Attributes:
        by_hand: a person wants it now, whatever is left of the search and its hours.
    """

    ledger: Ledger
    by_hand: bool = False

    def __post_init__(self) -> None:
        # all is confirmed, and with what that has shown the centre may be another by now; only a
        # person starts over, or it might go on and on
        self._anew = self.by_hand and self.progress.chosen and not self.progress.left

    @property
    def wanted(self) -> bool:
        """Whether there is something left to confirm, or to be chosen for that."""
        return self._anew or self.progress.left > 0

    @property
    def beyond_hours(self) -> bool:
        """Whether what is left does not depend on the budget of hours."""
        return self.wanted and (self.by_hand or self.progress.by_hand)

    @property
    def progress(self) -> Progress:
        return progress(self.ledger.config, self.ledger.history)

    def next(self) -> int | None:
        """The number of the next trial, None where all have been handed out."""
        ledger = self.ledger
        if ledger.config.confirm is None:
            return None
        if self._anew or not self.progress.chosen:
            self._choose(None if self._anew else ledger.history.plan)
            self._anew = False
        assert ledger.history.plan is not None
        left = lacking(ledger.history.plan, ledger.confirming())
        return ledger.confirm(left[0]) if left else None

    def _choose(self, before: ConfirmPlan | None) -> None:
        options = self.ledger.config.confirm
        assert options is not None
        records = self.ledger.history.counted(self.ledger.config.epochs)
        plan = choose(self.ledger.config, records, options, by_hand=self.by_hand, before=before)
        self.ledger.plan_confirming(plan)

    def __str__(self) -> str:
        """``9 trials confirmed 3 configurations``; empty where nothing was to be confirmed."""
        plan, stage = self.ledger.history.plan, self.progress
        if plan is None:
            return ""
        if not plan.points:
            return "nothing to confirm: no trial has finished"
        what = words.count(len(plan.points), "configuration")
        does = "confirmed" if not stage.left else "confirms" if stage.total == 1 else "confirm"
        return f"{words.count(stage.total, 'trial')} {does} {what} with fresh seeds"
