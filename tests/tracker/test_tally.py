"""The counts of a parent run."""

from __future__ import annotations

from sweeper.tracker.tally import Tally


def test_a_failed_trial_of_which_an_older_mirror_knows_nothing_is_taken_back() -> None:
    tally = Tally(ended={"failed": 1, "complete": 2})
    assert tally.reopen(3) == "failed"
    assert tally.ended == {"failed": 0, "complete": 2}
    lacking = Tally(ended={"confirming": 1})
    assert lacking.reopen(3) == "failed"
    assert lacking.ended == {"confirming": 1, "failed": 0}
