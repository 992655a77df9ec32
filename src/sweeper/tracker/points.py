"""Metrics whose fate is unknown."""

from __future__ import annotations

from collections.abc import Sequence

from sweeper.tracker.store import Store
from sweeper.tracker.writes import Point

__all__ = ["unwritten"]


def unwritten(store: Store, run_id: str, points: Sequence[Point]) -> list[Point]:
    """Those of ``points`` whose step the run does not have yet."""
    there = store.steps_of(run_id, {point.key for point in points})
    return [point for point in points if (point.key, point.step) not in there]
