"""A chart of one or more panels: axes, and marks in drawing order."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from sweeper.charts.style import INK, RAMP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Axis", "Band", "Chart", "Colours", "Field", "Labels", "Lines", "Mark", "Panel"]
__all__ += ["Points", "Symbol"]

_PER_ROW = 4

Symbol = Literal["dot", "ring", "cross", "square", "star", "diamond", "down", "up"]


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
        edge: colour of the outline of filled symbols.
    """

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    symbol: Symbol
    colour: str
    hover: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    size: float = 9.0
    edge: str = INK


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one look, one legend entry; ``hover`` has a text for each line."""

    label: str
    paths: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]
    colour: str
    width: float = 1.5
    opacity: float = 1.0
    steps: bool = False
    dashed: bool = False
    hover: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """The area between two curves over the same ``x``, one legend entry."""

    label: str
    x: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    colour: str
    opacity: float = 0.25


@dataclass(frozen=True, slots=True)
class Labels:
    """Texts in the plot, centred ``lift`` pixels above their points (below, where negative)."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    texts: tuple[str, ...]
    lift: float = 12.0
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """Values ``z[row of y][column of x]`` as filled contours, NaN where nothing is known.

    Attributes:
        lined: whether lines separate the colours.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    z: tuple[tuple[float, ...], ...]
    opacity: float = 0.45
    lined: bool = True


Mark = Points | Lines | Band | Labels | Field


@dataclass(frozen=True, slots=True)
class Colours:
    """The colour scale of values: the best is darkest.

    Attributes:
        ramp: from worst to best.
        ticks: texts by value; None for the drawing's own.
    """

    label: str
    low: float
    high: float
    high_is_best: bool
    ramp: tuple[str, ...] = RAMP
    ticks: Mapping[float, str] | None = None

    @property
    def rising(self) -> tuple[str, ...]:
        """The ramp from the lowest to the highest value."""
        return self.ramp if self.high_is_best else self.ramp[::-1]


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes with its marks, the first drawn lowest."""

    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    title: str = ""


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
        """Rows and columns of the grid of panels, at least one each; rows as full as can be."""
        rows = math.ceil(len(self.panels) / _PER_ROW) or 1
        return rows, math.ceil(len(self.panels) / rows) or 1

    def grid(self) -> Iterator[tuple[int, int, Panel]]:
        """Row, column and panel; an axis name is not repeated to the right of itself."""
        for i, panel in enumerate(self.panels):
            row, column = divmod(i, self.shape[1])
            again = column > 0 and panel.y == self.panels[i - 1].y
            yield row, column, replace(panel, y=replace(panel.y, label="")) if again else panel
