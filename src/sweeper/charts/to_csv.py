"""What a chart shows, as a table."""

from __future__ import annotations

import csv
import io
from html import unescape
from typing import TYPE_CHECKING

from sweeper.charts.chart import Band, Chart, Lines, Points
from sweeper.charts.parallel import ParallelChart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweeper.charts.chart import Mark, Panel

__all__ = ["as_csv"]

_HEADER = ("panel", "series", "line", "x", "y", "value", "text")


def as_csv(chart: Chart | ParallelChart) -> str:
    """One row a point, in data units; ``text`` is what the point says of itself.

    Of parallel coordinates one row a line, with its place on each axis from 0 to 1. Fields, which
    are drawn under the points as a guide to the eye, are left out.
    """
    rows = _parallel(chart) if isinstance(chart, ParallelChart) else _rows(chart)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _rows(chart: Chart) -> Iterator[tuple[object, ...]]:
    yield _HEADER
    for panel in chart.panels:
        name = f"{panel.y.label} over {panel.x.label}" if panel.y.label else panel.x.label
        for mark in panel.marks:
            for row in _of_mark(mark, panel):
                yield (name, *row)


def _of_mark(mark: Mark, panel: Panel) -> Iterator[tuple[object, ...]]:
    if isinstance(mark, Points):
        for i, (x, y) in enumerate(zip(mark.x, mark.y, strict=True)):
            value = mark.values[i] if mark.values else None
            text = mark.hover[i] if mark.hover else ""
            yield (mark.label, i, x, _named(y, panel), value, _plain(text))
    elif isinstance(mark, Lines):
        for i, (xs, ys) in enumerate(mark.paths):
            text = mark.hover[i] if mark.hover else ""
            for x, y in zip(xs, ys, strict=True):
                yield (mark.label, i, x, _named(y, panel), None, _plain(text))
    elif isinstance(mark, Band):
        yield from _of_band(mark)


def _of_band(band: Band) -> Iterator[tuple[object, ...]]:
    for side, ys in (("low", band.low), ("high", band.high)):
        for x, y in zip(band.x, ys, strict=True):
            yield (band.label, side, x, y, None, "")


def _named(y: float, panel: Panel) -> object:
    """A name in place of its position where the axis has names."""
    ticks = panel.y.ticks or {}
    if panel.y.log or not ticks or all(text.replace(".", "").isdigit() for text in ticks.values()):
        return y
    nearest = min(ticks, key=lambda at: abs(at - y))
    return ticks[nearest] if abs(nearest - y) < 0.5 else y


def _plain(hover: str) -> str:
    """A hover text on one line."""
    text = hover.replace("<br>", "; ").replace("<b>", "").replace("</b>", "")
    return unescape(text)


def _parallel(chart: ParallelChart) -> Iterator[tuple[object, ...]]:
    yield (*(axis.label for axis in chart.axes), "value", "group")
    for line in chart.lines:
        group = "" if line.value is not None else chart.groups[line.group][0]
        yield (*line.places, line.value, group)
