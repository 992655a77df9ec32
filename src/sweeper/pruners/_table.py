"""Values that only ever get more, kept in order: what a trial is compared with."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

__all__ = ["SortedValues", "quantile"]

Item = TypeVar("Item")


class SortedValues(Generic[Item]):
    """The values of a list's items in order, brought up to date by what the list has grown by.

    Args:
        values_of: the values that an item has.
    """

    def __init__(self, values_of: Callable[[Item], Iterable[float]]) -> None:
        self._values_of = values_of
        self._source: Sequence[Item] | None = None
        self._seen = 0
        self._values: list[float] = []

    def of(self, items: Sequence[Item]) -> list[float]:
        """All values of ``items``, the lowest first; not to be changed."""
        if items is not self._source:
            self._source, self._seen, self._values = items, 0, []
        new = [value for item in items[self._seen :] for value in self._values_of(item)]
        self._seen = len(items)
        for value in new:
            bisect.insort(self._values, value)
        return self._values


def quantile(ordered: Sequence[float], share: float) -> float:
    """What ``numpy.percentile`` gives for ``100 * share``, to the last bit, without a copy."""
    place = (len(ordered) - 1) * share
    below = min(math.floor(place), len(ordered) - 1)
    above = min(below + 1, len(ordered) - 1)
    part, step = place - below, ordered[above] - ordered[below]
    # numpy rounds from the nearer end
    return ordered[above] - step * (1 - part) if part >= 0.5 else ordered[below] + step * part
