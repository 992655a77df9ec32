"""When a session gives the sweep up because trials fail."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sweeper.config.model import Budget
from sweeper.engine.failures import Failures
from sweeper.records import TrialState
from sweeper.trial import Outcome

_ENDINGS = {
    "f": Outcome(TrialState.FAILED, "a mistake"),
    "c": Outcome(TrialState.COMPLETE, "trained"),
    "d": Outcome(TrialState.DIVERGED, "loss is nan"),
    "p": Outcome(TrialState.PRUNED, "stopped"),
}


def _said(endings: str, **budget: float) -> list[str]:
    failures = Failures(Budget(trials=100, **budget))  # type: ignore[arg-type]
    return [failures.count(_ENDINGS[ending]) for ending in endings]


def test_failures_in_a_row() -> None:
    assert _said("fcff", failures_in_a_row=3) == [""] * 4
    assert _said("cfff", failures_in_a_row=3)[-1] == "3 trials in a row failed"


def test_a_share_of_failures_counts_once_there_are_enough_trials() -> None:
    said = _said("ffcffcffcffc", failures_in_a_row=3)
    assert said[:5] == [""] * 5
    assert said[6] == "5 of 7 trials failed, more than 50%"
    assert not any(_said("cf" * 18, failures_in_a_row=3))
    assert _said("fcccccfff", failed_share=0.3, failures_in_a_row=4)[-1].startswith("4 of 9")


@given(st.text("cdp", max_size=60))
def test_only_failures_count(endings: str) -> None:
    assert not any(_said(endings, failed_share=0.01, failures_in_a_row=1))


@given(st.text("fcdp", max_size=60))
def test_a_share_of_one_is_never_exceeded(endings: str) -> None:
    assert not any(_said(endings, failed_share=1, failures_in_a_row=100))
