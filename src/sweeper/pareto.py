"""Several objectives: a trial's values of all of them, and which trials no other one beats."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sweeper.records import TrialState, best_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sweeper.config import Objective
    from sweeper.records import Direction, EpochReport, TrialRecord

__all__ = ["further_values", "is_on_front", "valued"]


def further_values(reports: Iterable[EpochReport], objective: Objective) -> list[float | None]:
    """The metrics of ``objective.also`` at the epoch with the best objective.

    None where that is not known.
    """
    best = best_report(reports, objective.metric, objective.direction)
    found = [best.metrics.get(aim.metric) if best else None for aim in objective.also]
    return [value if value is not None and math.isfinite(value) else None for value in found]


def valued(
    records: Iterable[TrialRecord], objective: Objective
) -> list[tuple[TrialRecord, tuple[float, ...]]]:
    """The finished trials of the search of which all objectives are known, with their values.

    A trial that was stopped early is left out: what it would have come to is not known. So is one
    that repeats another or confirms it.
    """
    finished = [r for r in records if r.state is TrialState.COMPLETE]
    search = [r for r in finished if not (r.is_repeat or r.is_confirming)]
    values = [(r, [r.value, *further_values(r.reports, objective)]) for r in search]
    known = [(r, tuple(v for v in found if v is not None)) for r, found in values]
    return [(r, found) for r, found in known if len(found) == len(objective.aims)]


def is_on_front(values: Sequence[Sequence[float]], directions: Sequence[Direction]) -> list[bool]:
    """Which points no other one dominates: is as good in everything, and better in something.

    Equal points do not dominate each other.

    Args:
        values: (points, objectives), all finite.
    """
    signs = np.array([-1.0 if direction == "maximize" else 1.0 for direction in directions])
    losses = np.asarray(values, dtype=float).reshape(len(values), len(signs)) * signs
    on_front = np.zeros(len(losses), dtype=bool)
    # whoever dominates a point comes before it in lexicographic order
    for i in np.lexsort(losses.T[::-1]):
        rivals = losses[on_front]
        no_worse = (rivals <= losses[i]).all(axis=1)
        on_front[i] = not (no_worse & (rivals != losses[i]).any(axis=1)).any()
    return [bool(on) for on in on_front]
