"""Parallel coordinates: a line for each trial through all its parameters to its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.charts.style import RAMP

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ABSENT", "ParallelAxis", "ParallelChart", "ParallelLine"]

ABSENT = -0.12
"""The place under an axis for lines that have no value on it."""

_BAND = 0.1


@dataclass(frozen=True, slots=True)
class ParallelAxis:
    """An axis from 0 to 1 (`ABSENT` to 1 where some line has no value); ``ticks`` by position."""

    label: str
    ticks: Mapping[float, str]


@dataclass(frozen=True, slots=True)
class ParallelLine:
    """One trial: its place on each axis, and ``value`` (0 worst, 1 best) or its ``group``."""

    places: tuple[float, ...]
    value: float | None = None
    group: int = 0


@dataclass(frozen=True, slots=True)
class ParallelChart:
    """Lines in drawing order.

    Attributes:
        groups: name and colour of the lines without a value.
        values: ticks of the colour scale: text by value from 0 to 1.
    """

    title: str
    axes: tuple[ParallelAxis, ...]
    lines: tuple[ParallelLine, ...]
    groups: tuple[tuple[str, str], ...]
    values: Mapping[float, str]
    label: str
    note: str = ""

    @property
    def empty(self) -> bool:
        """Nothing to draw; ``note`` says why."""
        return not self.lines

    def lowest(self, axis: int) -> float:
        """0, or `ABSENT` where a line has no value on that axis."""
        return min([0.0, *(line.places[axis] for line in self.lines)])

    def colour(self, line: ParallelLine) -> float:
        """Where the line's colour lies on `colour_stops`, from 0 to 1."""
        if line.value is None:
            return (line.group + 0.5) * _BAND
        start = len(self.groups) * _BAND
        # not quite 0: there the last group's colour ends, and scales are drawn in 256 steps
        return start + (1 - start) * min(max(line.value, 0.02), 1.0)

    def colour_stops(self) -> list[tuple[float, str]]:
        """One scale for all lines: a flat band for each group, then the values."""
        stops = []
        for i, (_, colour) in enumerate(self.groups):
            stops += [(i * _BAND, colour), ((i + 1) * _BAND, colour)]
        start = len(self.groups) * _BAND
        step = (1 - start) / (len(RAMP) - 1)
        stops += [(start + i * step, colour) for i, colour in enumerate(RAMP[:-1])]
        return [*stops, (1.0, RAMP[-1])]  # not a hair below 1

    def colour_ticks(self) -> dict[float, str]:
        names = {(i + 0.5) * _BAND: name for i, (name, _) in enumerate(self.groups)}
        start = len(self.groups) * _BAND
        return names | {start + (1 - start) * at: text for at, text in self.values.items()}
