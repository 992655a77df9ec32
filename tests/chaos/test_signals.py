"""Drivers that are asked to end, at any moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from chaos import tasks
from chaos.arena import PATIENCE, Arena
from chaos.checks import count_losses
from chaos.moments import draw

ROUNDS = int(os.environ.get("SWEEPER_CHAOS_OTHERS", "5"))
_TRIALS = 6


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
@pytest.mark.parametrize("index", range(ROUNDS))
def test_signals(arena: Arena, told: Callable[..., None], name: str, index: int) -> None:
    tasks.write_space(arena.folder, trials=_TRIALS, concurrent=arena.random.choice([1, 2]))
    moment, hit = draw(arena), False
    while not hit:
        process = arena.go()
        if hit := moment.comes(arena, process):
            process.send_signal(signal.Signals[name])
        process.wait(PATIENCE)
        arena.met.append({r.number for r in arena.records() if not r.state.ended})
        moment = draw(arena) if not hit else moment
    print(f"ended with {process.returncode}: {arena.said()[-1500:]}")
    arena.finish()
    detail = f"{moment.stage}, exit {process.returncode}"
    told(f"{name} to the driver", 1, count_losses(arena, _TRIALS), detail=detail)
