"""When so many trials have failed that the rest would, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.records import TrialState

if TYPE_CHECKING:
    from sweeper.config.model import Budget
    from sweeper.trial import Outcome

__all__ = ["Failures"]


class Failures:
    """Counts how trials end within a session, so that the next one gets a fresh chance.

    Attributes:
        last: the last outcome that was a failure.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._ended = 0
        self._failed = 0
        self._in_a_row = 0
        self.last: Outcome | None = None

    def count(self, outcome: Outcome) -> str:
        """Take how a trial ended; gives why the sweep is to be given up, else nothing."""
        self._ended += 1
        if outcome.state is not TrialState.FAILED:
            self._in_a_row = 0
            return ""
        self._failed += 1
        self._in_a_row += 1
        self.last = outcome
        return self._too_many()

    def _too_many(self) -> str:
        row, share = self._budget.failures_in_a_row, self._budget.failed_share
        if self._in_a_row >= row:
            return f"{row} trials in a row failed"
        # of fewer trials than may fail in a row, a share says nothing
        if self._ended >= 2 * row and self._failed > share * self._ended:
            return f"{self._failed} of {self._ended} trials failed, more than {share:.0%}"
        return ""
