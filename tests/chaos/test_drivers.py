"""Drivers that are killed at any moment, and the same command again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from chaos import tasks
from chaos.arena import Arena
from chaos.checks import count_losses, essence
from chaos.moments import draw

ROUNDS = int(os.environ.get("SWEEPER_CHAOS_ROUNDS", "50"))
_TRIALS = 6
_SHORT = 1


def _sweeps(kills: int) -> Iterator[object]:
    """Sweeps with one, two or three kills each, so many kills in all; the first ones are short."""
    index = 0
    while kills > 0:
        times = min(kills, (1, 2, 1, 3)[index % 4])
        kills -= times
        marks = [] if index < _SHORT else [pytest.mark.slow]
        yield pytest.param(times, index % 2 == 1, id=f"{index}", marks=marks)
        index += 1


@pytest.mark.parametrize(("times", "with_ray"), list(_sweeps(ROUNDS)))
def test_killed_drivers(
    arena: Arena,
    told: Callable[..., None],
    reference: Callable[..., list[object]],
    times: int,
    with_ray: bool,
) -> None:
    concurrent = arena.random.choice([1, 2, 3])
    tasks.write_space(arena.folder, trials=_TRIALS, concurrent=concurrent)
    stages = []
    while len(stages) < times:
        moment = draw(arena, _TRIALS, last=len(stages) == times - 1)
        process = arena.go()
        if moment.comes(arena, process):
            arena.kill_driver(process, with_ray=with_ray)
            stages.append(moment.stage)
    arena.finish()
    losses = count_losses(arena, _TRIALS)
    fault = "driver killed with its Ray" if with_ray else "driver killed, Ray left orphaned"
    told(fault, times, losses, detail=f"{concurrent} at once: " + ", ".join(stages))
    if concurrent == 1:
        assert essence(arena.records()) == reference(tasks.write_space)
