"""Workers and Ray's own processes that are killed under a driver that lives."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from chaos import tasks
from chaos.arena import PATIENCE, Arena
from chaos.checks import count_losses, essence

KILLS = int(os.environ.get("SWEEPER_CHAOS_WORKER_KILLS", "20"))
ROUNDS = int(os.environ.get("SWEEPER_CHAOS_OTHERS", "5"))
_TRIALS = 6


def rounds(short: int, total: int) -> Iterator[object]:
    """So many rounds, of which the first ``short`` are part of the short form."""
    for index in range(total):
        yield pytest.param(index, id=f"{index}", marks=[pytest.mark.slow] if index >= short else [])


@pytest.mark.parametrize("index", list(rounds(1, (KILLS + 1) // 2)))
def test_killed_workers(
    arena: Arena, told: Callable[..., None], reference: Callable[..., list[object]], index: int
) -> None:
    """Two of them in each sweep."""
    concurrent = arena.random.choice([1, 2, 3])
    tasks.write_space(arena.folder, trials=_TRIALS, concurrent=concurrent)
    process = arena.go()
    killed = sum(_kill_a_worker(arena, process) for _ in range(2))
    assert process.wait(PATIENCE) == 0, arena.said()[-3000:]
    assert killed > 0
    told("worker killed", killed, count_losses(arena, _TRIALS), detail=f"{concurrent} at once")
    if concurrent == 1:
        assert essence(arena.records()) == reference(tasks.write_space)


def _kill_a_worker(arena: Arena, process: object) -> bool:
    wanted = len(arena.begun()) + arena.random.randint(1, 8)
    if not arena.until(lambda: len(arena.begun()) >= wanted, process):  # type: ignore[arg-type]
        return False
    time.sleep(arena.random.uniform(0.0, 0.2))
    number, _, pid = arena.begun()[-1]
    with contextlib.suppress(psutil.NoSuchProcess):
        arena.kill(psutil.Process(pid), {number})
        return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("name", ["raylet", "gcs_server"])
@pytest.mark.parametrize("index", range(ROUNDS))
def test_killed_daemons(arena: Arena, told: Callable[..., None], name: str, index: int) -> None:
    """The driver ends or goes on; the same command brings the sweep to its end."""
    tasks.write_space(arena.folder, trials=_TRIALS)
    process = arena.go()
    wanted = arena.random.randint(1, 12)
    assert arena.until(lambda: len(arena.begun()) >= wanted, process), arena.said()[-3000:]
    (victim,) = arena.named(name)
    arena.kill(victim, arena.running())
    process.wait(PATIENCE)
    print(f"the driver ended with {process.returncode}: {arena.said()[-1500:]}")
    arena.met.append(arena.running())
    arena.finish()
    told(f"{name} killed", 1, count_losses(arena, _TRIALS), detail=f"exit {process.returncode}")
