"""A chart of one or more panels: axes, and marks in drawing order."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Axis", "Chart", "Colours", "Field", "Lines", "Mark", "Panel", "Points", "Symbol"]

_PER_ROW = 4

Symbol = Literal["dot", "ring", "cross", "square", "star"]


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis; ``limits`` and the keys of ``ticks`` are in data units, also where it is ``log``."""

    label: str
    limits: tuple[float, float] | None = None
    log: bool = False
    ticks: Mapping[float, str] | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """Single points, one legend entry.

    Attributes:
        hover: a text for each point, lines separated by ``<br>``.
        values: colours by value, on the chart's colour scale; empty for one ``colour``.
    """

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    symbol: Symbol
    colour: str
    hover: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    size: float = 9.0


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one look, one legend entry; ``hover`` has a text for each line."""

    label: str
    paths: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]
    colour: str
    width: float = 1.5
    opacity: float = 1.0
    steps: bool = False
    hover: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """Values ``z[row of y][column of x]`` as filled contours, NaN where nothing is known."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    z: tuple[tuple[float, ...], ...]


Mark = Points | Lines | Field


@dataclass(frozen=True, slots=True)
class Colours:
    """The colour scale of values: the best is darkest."""

    label: str
    low: float
    high: float
    high_is_best: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes with its marks, the first drawn lowest."""

    x: Axis
    y: Axis
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Panels side by side.

    Attributes:
        note: one line under the title: what the reader should see, or why nothing is drawn.
    """

    title: str
    panels: tuple[Panel, ...]
    colours: Colours | None = None
    note: str = ""

    @property
    def empty(self) -> bool:
        """Nothing to draw; ``note`` says why."""
        return not self.panels

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grid of panels, at least one each."""
        columns = min(len(self.panels), _PER_ROW) or 1
        return math.ceil(len(self.panels) / columns) or 1, columns

    def grid(self) -> Iterator[tuple[int, int, Panel]]:
        """Row, column and panel; an axis name is not repeated to the right of itself."""
        for i, panel in enumerate(self.panels):
            row, column = divmod(i, self.shape[1])
            again = column > 0 and panel.y == self.panels[i - 1].y
            yield row, column, replace(panel, y=replace(panel.y, label="")) if again else panel
