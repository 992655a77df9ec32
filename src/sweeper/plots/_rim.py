"""Where trials stand on an objective axis that have no value, or one far beyond its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.plots._axes import RIM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweeper.charts.chart import Axis, Symbol
    from sweeper.config import Objective
    from sweeper.records import TrialRecord

__all__ = ["beyond", "note", "placed"]


def beyond(record: TrialRecord, axis: Axis) -> Symbol | None:
    """The mark that points to a value outside the axis; None for a value that is on it."""
    assert axis.limits is not None
    low, high = axis.limits
    if record.value is None or low <= record.value <= high:
        return None
    return "down" if record.value < low else "up"


def note(records: Iterable[TrialRecord], axis: Axis) -> str:
    """What to say where some values are beyond the axis."""
    outside = any(beyond(r, axis) for r in records)
    return " Triangles at the edge point to values beyond the axis." if outside else ""


def placed(record: TrialRecord, limits: tuple[float, float] | None, objective: Objective) -> float:
    """The trial's objective, kept inside the axis; without one, the bad end of the axis.

    Values far off stand half-way into the margin, so that failures stay alone at the end.
    """
    assert limits is not None
    low, high = limits
    if record.value is None:
        return low if objective.direction == "maximize" else high
    margin = 0.5 * RIM / (1 + 2 * RIM) * (high - low)
    return min(max(record.value, low + margin), high - margin)
