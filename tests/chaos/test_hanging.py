"""A trial that never ends by itself."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from chaos import tasks
from chaos.arena import Arena
from chaos.checks import count_losses, is_whole
from shop import HASTY
from sweeper.records import TrialRecord, TrialState

ROUNDS = int(os.environ.get("SWEEPER_CHAOS_OTHERS", "5"))
_TRIALS = 4
_LIMIT = "budget.trial_hours=0.01"


@pytest.mark.slow
@pytest.mark.parametrize("index", range(ROUNDS))
def test_hanging_trials(arena: Arena, told: Callable[..., None], index: int) -> None:
    """Beyond its time limit its worker is killed, and the sweep goes on."""
    number, epoch = arena.random.randrange(_TRIALS), arena.random.randint(1, 4)
    tasks.write_space(arena.folder, trials=_TRIALS, pruner="none", faults={number: ("hang", epoch)})
    arena.program, arena.settings = HASTY, ("--set", _LIMIT)
    arena.finish()

    def as_it_must(record: TrialRecord) -> bool:
        if record.number != number:
            return is_whole(record)
        return (record.state, record.epoch) == (TrialState.TIMED_OUT, epoch - 1)

    detail = f"trial {number}, epoch {epoch}"
    told("trial hangs", 1, count_losses(arena, _TRIALS, as_it_must), detail=detail)
