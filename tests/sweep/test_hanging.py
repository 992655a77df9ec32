"""A trial that does not end by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shop import HASTY
from sweeper.records import TrialState

if TYPE_CHECKING:
    from shop import Shop


@pytest.mark.slow
def test_a_trial_that_hangs_is_ended_and_the_sweep_goes_on_in_a_fresh_worker(shop: Shop) -> None:
    """It hangs in C, holding the interpreter, and SIGTERM does nothing to it."""
    shop.space("hangs", trials=3, epochs=3)
    flags = ["budget.trial_hours=0.01", "resources.concurrent=1", "pruner={name: none}"]
    words = [word for flag in flags for word in ("--set", flag)]
    shop.program = HASTY
    code, said = shop.run("run", "toy.yaml", *words)
    assert code == 0, said
    records = shop.records()
    states = [TrialState.COMPLETE, TrialState.TIMED_OUT, TrialState.COMPLETE]
    assert [(r.state, r.attempts) for r in records] == [(state, 1) for state in states]
    assert records[1].reason == "hung in epoch 2, beyond the limit of 36 s: the worker was killed"
    assert [e.epoch for e in records[1].reports] == [1]
    shop.agrees()
    assert shop.leftovers() == []
