"""Charts drawn with matplotlib as PNG; without pyplot, so no global state and no display."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cbook import pts_to_poststep
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from sweeper.charts.chart import Axis, Band, Chart, Field, Labels, Lines, Points
from sweeper.charts.style import GREY, INK, LEVELS, VALUED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matplotlib.axes import Axes

    from sweeper.charts.chart import Mark
    from sweeper.charts.parallel import ParallelChart

__all__ = ["draw", "draw_parallel"]

_SYMBOLS = {"dot": "o", "ring": "o", "cross": "x", "square": "s", "star": "*", "diamond": "D"}
_SYMBOLS |= {"down": "v", "up": "^"}
_DPI = 120
_BAR = 4  # lines wider than this are bars: their ends are exact


def draw(chart: Chart, path: Path) -> None:
    rows, columns = chart.shape
    figure = _figure(9.5 if columns < 3 else 13, 5.6 if rows == 1 else 3.6 * rows)
    colours = _mappable(chart)
    used = []
    for row, column, panel in chart.grid():
        axes = figure.add_subplot(rows, columns, row * columns + column + 1)
        used.append(axes)
        for i, mark in enumerate(panel.marks):
            _add(mark, axes, colours, 2 + i / len(panel.marks))
        _axis(axes, "x", panel.x)
        _axis(axes, "y", panel.y)
        axes.grid(color="#e6e9ed", linewidth=0.7)
        if panel.title:
            axes.set_title(panel.title, loc="left", fontsize=10, weight="bold", color=INK)
        axes.set_axisbelow(True)
    if chart.colours and used:
        bar = figure.colorbar(colours, ax=used, pad=0.02)
        bar.set_label(chart.colours.label)
        if chart.colours.ticks:
            bar.set_ticks(list(chart.colours.ticks), labels=list(chart.colours.ticks.values()))
    _legend(figure, used)
    _save(figure, chart.title, chart.note, path)


def draw_parallel(chart: ParallelChart, path: Path) -> None:
    figure = _figure(max(9.5, 1.9 * len(chart.axes)), 5.6)
    axes = figure.add_subplot()
    axes.axis("off")
    lowest = min(chart.lowest(i) for i in range(len(chart.axes)))
    axes.set_xlim(-0.35, max(len(chart.axes) - 1, 1) + 0.35)
    axes.set_ylim(lowest - 0.04, 1.12)
    for i, axis in enumerate(chart.axes):
        axes.plot([i, i], [lowest, 1], color=INK, linewidth=1)
        axes.text(i, 1.06, axis.label, ha="center", weight="bold")
        _parallel_ticks(axes, i, axis.ticks, chart.lowest(i))
    if chart.lines:
        _parallel_lines(figure, axes, chart)
    _save(figure, chart.title, chart.note, path)


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Figure, title: str, note: str, path: Path) -> None:
    """With the title and its note in a margin of their own above all panels."""
    if not figure.axes:
        figure.add_subplot().axis("off")
    inches = figure.get_figheight()
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(rect=(0, 0, 1, 1 - (0.68 if note else 0.44) / inches))
    figure.text(
        0.02, 1 - 0.12 / inches, title, color=INK, fontsize=13, weight="bold", va="top", ha="left"
    )
    figure.text(0.02, 1 - 0.42 / inches, note, color="#5b6673", fontsize=10, va="top", ha="left")
    figure.savefig(path, format="png")


def _mappable(chart: Chart) -> ScalarMappable:
    if chart.colours is None:
        return ScalarMappable()
    norm = Normalize(chart.colours.low, chart.colours.high)
    return ScalarMappable(
        norm, LinearSegmentedColormap.from_list("ramp", list(chart.colours.rising))
    )


def _add(mark: Mark, axes: Axes, colours: ScalarMappable, order: float) -> None:
    """Draw above all marks of a lower ``order``; fields lie lowest."""
    match mark:
        case Points():
            _add_points(mark, axes, colours, order)
        case Lines():
            _add_lines(mark, axes, order)
        case Band():
            look: dict[str, Any] = {"color": mark.colour, "alpha": mark.opacity, "linewidth": 0}
            axes.fill_between(mark.x, mark.low, mark.high, label=mark.label, zorder=order, **look)
        case Labels():
            _add_labels(mark, axes, order)
        case Field():
            _add_field(mark, axes, colours)


def _add_points(mark: Points, axes: Axes, colours: ScalarMappable, order: float) -> None:
    look: dict[str, Any] = {"s": mark.size**2 * 0.6, "marker": _SYMBOLS[mark.symbol]}
    if mark.values:
        look |= {"c": mark.values, "cmap": colours.cmap, "norm": colours.norm}
    elif mark.symbol in ("ring", "square"):
        look |= {"facecolors": "none"}
    else:
        look |= {"c": mark.colour}
    if mark.symbol == "cross":
        look |= {"linewidths": 1.8}
    else:
        hollow = mark.symbol in ("ring", "square")
        look |= {
            "edgecolors": mark.colour if hollow else mark.edge,
            "linewidths": 1.3 if hollow else 0.7,
        }
    label = "" if mark.values else mark.label
    axes.scatter(mark.x, mark.y, label=label, zorder=order, clip_on=False, **look)
    if mark.values:  # in the legend, marks of many colours would have that of the first
        own = {"s": look["s"], "marker": look["marker"], "c": VALUED, "edgecolors": INK}
        axes.scatter([], [], label=mark.label, linewidths=0.7, **own)


def _add_lines(mark: Lines, axes: Axes, order: float) -> None:
    """As one artist: with one for each line, a timeline of many trials would take seconds."""
    paths = [pts_to_poststep(x, y) if mark.steps else (x, y) for x, y in mark.paths]
    lines = LineCollection(
        [np.array(path).T for path in paths],
        colors=mark.colour,
        linewidths=mark.width,
        alpha=mark.opacity,
        linestyles="--" if mark.dashed else "-",
        capstyle="butt" if mark.width > _BAR or mark.dashed else "round",
        joinstyle="round",
        label=mark.label,
        zorder=order,
    )
    axes.add_collection(lines)
    axes.autoscale_view()


def _add_labels(mark: Labels, axes: Axes, order: float) -> None:
    for x, y, text in zip(mark.x, mark.y, mark.texts, strict=True):
        axes.annotate(
            text,
            (x, y),
            (0, mark.lift),
            textcoords="offset pixels",
            ha="center",
            va="bottom" if mark.lift >= 0 else "top",
            weight="bold" if mark.bold else "normal",
            color=INK,
            fontsize=9,
            zorder=order,
            bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.2},
        )


def _add_field(mark: Field, axes: Axes, colours: ScalarMappable) -> None:
    z = np.ma.masked_invalid(np.asarray(mark.z))
    levels = np.linspace(colours.norm.vmin or 0.0, colours.norm.vmax or 1.0, LEVELS + 1)
    look: dict[str, Any] = {"cmap": colours.cmap, "norm": colours.norm, "alpha": mark.opacity}
    axes.contourf(mark.x, mark.y, z, levels=levels, extend="both", zorder=0.6, **look)
    if mark.lined:
        axes.contour(mark.x, mark.y, z, levels=levels, colors=GREY, linewidths=0.4, zorder=0.65)


def _axis(axes: Axes, which: str, axis: Axis) -> None:
    if axis.log:
        axes.set(**{f"{which}scale": "log"})
    axes.set(**{f"{which}label": axis.label})
    if axis.limits:
        axes.set(**{f"{which}lim": axis.limits})
    if axis.ticks is not None:
        side = axes.xaxis if which == "x" else axes.yaxis
        side.set_ticks(list(axis.ticks), labels=list(axis.ticks.values()))
        side.set_ticks([], minor=True)


def _legend(figure: Figure, used: list[Axes]) -> None:
    """One legend for all panels, each name once."""
    entries: dict[str, Any] = {}
    for axes in used:
        handles, labels = axes.get_legend_handles_labels()
        entries |= {k: h for h, k in zip(handles, labels, strict=True) if k not in entries}
    if entries:
        figure.legend(
            list(entries.values()),
            list(entries),
            loc="outside lower left",
            ncols=max(1, int(figure.get_figwidth() * 15) // (max(map(len, entries)) + 8)),
            frameon=False,
        )


def _parallel_ticks(axes: Axes, i: int, ticks: Mapping[float, str], lowest: float) -> None:
    for at, text in ticks.items():
        if at >= lowest:
            box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1}
            axes.plot([i - 0.02, i + 0.02], [at, at], color=INK, linewidth=1)
            axes.text(i + 0.04, at, text, va="center", fontsize=9, zorder=4, bbox=box)


def _parallel_lines(figure: Figure, axes: Axes, chart: ParallelChart) -> None:
    colours = ScalarMappable(
        Normalize(0, 1), LinearSegmentedColormap.from_list("all", chart.colour_stops())
    )
    paths = [list(enumerate(line.places)) for line in chart.lines]
    shades = colours.to_rgba(np.array([chart.colour(line) for line in chart.lines]))
    widths = [0.7 if line.value is None else 1.2 + 1.3 * line.value for line in chart.lines]
    axes.add_collection(LineCollection(paths, colors=shades, linewidths=widths, alpha=0.8))
    bar = figure.colorbar(colours, ax=axes, pad=0.02)
    ticks = chart.colour_ticks()
    bar.set_ticks(list(ticks), labels=list(ticks.values()))
    bar.set_label(chart.label)
