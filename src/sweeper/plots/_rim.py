"""Where trials stand on an objective axis that have no value, or one far beyond its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.plots._axes import RIM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweeper.charts.chart import Axis
    from sweeper.config import Objective
    from sweeper.records import TrialRecord

__all__ = ["note", "placed"]


def note(records: Iterable[TrialRecord], axis: Axis) -> str:
    """What to say where some values are beyond the axis."""
    assert axis.limits is not None
    low, high = axis.limits
    beyond = any(r.value is not None and not low <= r.value <= high for r in records)
    return " Values beyond the axis stand at its edge." if beyond else ""


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
