"""Trials that go wrong in every way there is, side by side in one sweep."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from chaos import tasks
from chaos.arena import Arena
from chaos.checks import count_losses, is_whole
from sweeper.records import TrialRecord, TrialState

ROUNDS = int(os.environ.get("SWEEPER_CHAOS_OTHERS", "5"))
_TRIALS, _RETRIES = 10, 3
_NAMES = {
    "nan": "loss is NaN",
    "memory_error": "MemoryError in the model",
    "out_of_gpu_memory": "torch.OutOfMemoryError in the model",
    "unpicklable": "exception that cannot be pickled",
    "exit_once": "os._exit in the task, once",
    "exit_always": "os._exit in the task, every time",
}
_STATES = {
    "nan": TrialState.DIVERGED,
    "memory_error": TrialState.OUT_OF_MEMORY,
    "out_of_gpu_memory": TrialState.OUT_OF_MEMORY,
    "unpicklable": TrialState.FAILED,
    "exit_always": TrialState.FAILED,
}
_AGAIN = {"exit_once": 1, "exit_always": _RETRIES}


@pytest.mark.parametrize(
    "index",
    [pytest.param(i, marks=[pytest.mark.slow] if i else []) for i in range(ROUNDS)],
)
def test_endings(arena: Arena, told: Callable[..., None], index: int) -> None:
    numbers = arena.random.sample(range(_TRIALS), len(_NAMES))
    faults = {
        number: (fault, arena.random.randint(1, 4))
        for number, fault in zip(numbers, _NAMES, strict=True)
    }
    tasks.write_space(arena.folder, trials=_TRIALS, pruner="none", faults=faults)
    arena.finish()
    arena.met += [{n} for n, (fault, _) in faults.items() for _ in range(_AGAIN.get(fault, 0))]

    def as_it_must(record: TrialRecord) -> bool:
        fault, epoch = faults.get(record.number, ("nothing", 0))
        if fault not in _STATES:
            return is_whole(record)
        return (record.state, record.epoch) == (_STATES[fault], epoch - 1)

    for number, (fault, epoch) in faults.items():
        losses = count_losses(arena, _TRIALS, as_it_must, of={number})
        told(_NAMES[fault], 1, losses, detail=f"trial {number}, epoch {epoch}")
    assert count_losses(arena, _TRIALS, as_it_must).none
