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
    begun: Callable[[], bool]
    delay: float

    def comes(self, arena: Arena, process: subprocess.Popen[str]) -> bool:
        """Wait for it; False where the driver ended before."""
        if not arena.until(self.begun, process):
            return False
        try:
            process.wait(self.delay)
        except subprocess.TimeoutExpired:
            return True
        return False


def draw(arena: Arena, epochs: int = 24) -> Moment:
    """A moment of the session that begins now: half of them while it trains.

    Args:
        epochs: at most so many are still to be trained.
    """
    choose = arena.random
    stage = choose.choice(["start", "ray", "training", "training", "training", "closing"])
    before, ended = len(arena.begun()), arena.count("session_end")
    wanted = before + choose.randint(1, max(1, epochs - before))
    stages: dict[str, tuple[Callable[[], bool], float]] = {
        "start": (lambda: True, 4.0),
        "ray": ((arena.paths.root / "ray.json").exists, 6.0),
        "training": (lambda: len(arena.begun()) >= wanted, 0.3),
        "closing": (lambda: arena.count("session_end") > ended, 4.0),
    }
    begun, longest = stages[stage]
    return Moment(stage, begun, choose.uniform(0.0, longest))
