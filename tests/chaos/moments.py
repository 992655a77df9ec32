"""Moments of a driver's life, drawn at random."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from chaos.arena import Arena

__all__ = ["Moment", "draw"]


@dataclass(frozen=True)
class Moment:
    """A time ``delay`` seconds after the beginning of a ``stage``."""

    stage: str
    since: Callable[[], bool]
    delay: float

    def comes(self, arena: Arena, process: subprocess.Popen[str]) -> bool:
        """Wait for it; False where the driver ended before."""
        if not arena.until(self.since, process):
            return False
        try:
            process.wait(self.delay)
        except subprocess.TimeoutExpired:
            return True
        return False


def draw(arena: Arena, trials: int = 6, *, last: bool = True) -> Moment:
    """A moment of the session that begins now: half of them while it trains.

    Args:
        trials: how many the sweep has.
        last: nothing more is to happen to the sweep, so it may as well be at its end.
    """
    choose = arena.random
    stage = choose.choice(["start", "ray", "training", "training", "training"])
    if last:
        stage = choose.choice([stage, stage, stage, stage, "shutdown", "closing"])
    reported, ended = arena.count("epoch"), arena.count("session_end")
    # about as many epochs as the pruner leaves
    wanted = reported + choose.randint(1, max(1, 3 * trials - reported))
    stages: dict[str, tuple[Callable[[], bool], float]] = {
        "start": (lambda: True, 4.0),
        "ray": (arena.paths.ray.exists, 6.0),
        "training": (lambda: arena.count("epoch") >= wanted, 0.3),
        "shutdown": (lambda: arena.count("end") >= trials, 0.5),
        "closing": (lambda: arena.count("session_end") > ended, 4.0),
    }
    since, longest = stages[stage]
    return Moment(stage, since, choose.uniform(0.0, longest))
