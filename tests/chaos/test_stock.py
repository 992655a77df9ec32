"""The stock stack under the same kills: nothing must hold here, it is measured to compare."""

from __future__ import annotations

import os
import sqlite3
import time
from subprocess import Popen

import pytest

from chaos.arena import PATIENCE, Arena
from chaos.record import Losses, Result
from chaos.stock import TRIALS

ROUNDS = int(os.environ.get("SWEEPER_CHAOS_STOCK", "5"))


@pytest.mark.slow
@pytest.mark.parametrize("index", range(ROUNDS))
def test_stock(arena: Arena, seed: str, index: int) -> None:
    """Killed while it trains, then `Tuner.restore`."""
    arena.program = ("-m", "chaos.stock")
    process = _start(arena)
    wanted = arena.random.randint(4, 20)
    assert arena.until(lambda: len(arena.begun()) >= wanted, process), arena.said()[-3000:]
    time.sleep(arena.random.uniform(0.0, 0.3))
    for victim in [*arena.processes()]:
        victim.kill()
    process.wait(PATIENCE)
    restored = _start(arena)
    assert restored.wait(PATIENCE) == 0, arena.said()[-3000:]
    result = Result("stock: driver killed, `Tuner.restore`", seed, 1, _losses(arena), 0.0)
    result.keep()
    print(result)


def _start(arena: Arena) -> Popen[str]:
    with (arena.scratch / "said").open("a") as said:
        return arena.start(output=said)


def _losses(arena: Arena) -> Losses:
    with sqlite3.connect(arena.folder / "mlflow.db") as store:
        states = [state for (state,) in store.execute("SELECT status FROM runs")]
        steps = store.execute(
            "SELECT count(*), count(DISTINCT step), max(step) FROM metrics "
            "WHERE key = 'score' GROUP BY run_uuid"
        ).fetchall()
    return Losses(
        trials=max(0, TRIALS - states.count("FINISHED")),
        steps_lost=sum(last - distinct for _, distinct, last in steps),
        steps_twice=sum(count - distinct for count, distinct, _ in steps),
        runs_twice=max(0, len(states) - TRIALS),
        runs_open=states.count("RUNNING"),
        processes=len(arena.leftovers()),
    )
