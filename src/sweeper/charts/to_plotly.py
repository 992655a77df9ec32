"""Charts drawn with plotly: interactive, for the browser."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go  # type: ignore[import-untyped]
from plotly.subplots import make_subplots  # type: ignore[import-untyped]

from sweeper.charts.chart import Axis, Band, Chart, Field, Labels, Lines, Panel, Points
from sweeper.charts.style import GREY, INK, LEVELS, VALUED

if TYPE_CHECKING:
    from sweeper.charts.parallel import ParallelAxis, ParallelChart

__all__ = ["draw", "draw_parallel"]

_SYMBOLS = {"dot": "circle", "ring": "circle-open", "cross": "x-thin", "square": "square-x-open"}
_SYMBOLS |= {"down": "triangle-down", "up": "triangle-up"}


def draw(chart: Chart) -> Any:
    rows, columns = chart.shape
    figure = make_subplots(rows=rows, cols=columns, vertical_spacing=0.35 / rows)
    named: set[str] = set()
    for row, column, panel in chart.grid():
        for mark in panel.marks:
            if isinstance(mark, Labels):
                _add_labels(figure, mark, panel, row + 1, column + 1)
                continue
            trace = _trace(mark, chart)
            new = bool(_name(mark)) and _name(mark) not in named
            named.add(_name(mark))
            trace.showlegend = new
            if new and isinstance(mark, Points) and mark.values:
                trace.update(showlegend=False, legendgroup=mark.label)
                figure.add_trace(_legend_entry(mark), row + 1, column + 1)
            figure.add_trace(trace, row + 1, column + 1)
        _axes(figure, panel, row + 1, column + 1)
    _frame(figure, chart.title, chart.note, height=620 if rows == 1 else 120 + 330 * rows)
    if any(panel.title for panel in chart.panels):
        figure.update_layout(margin={"t": 115})
    if chart.colours:
        figure.update_layout(coloraxis=_colour_axis(chart))
    return figure


def draw_parallel(chart: ParallelChart) -> Any:
    ticks = chart.colour_ticks()
    line = {
        "color": [chart.colour(line) for line in chart.lines],
        "cmin": 0,
        "cmax": 1,
        "colorscale": chart.colour_stops(),
        "showscale": True,
        "colorbar": {
            "title": escape(chart.label),
            "tickvals": list(ticks),
            "ticktext": list(ticks.values()),
        },
    }
    dimensions = [_dimension(chart, i, axis) for i, axis in enumerate(chart.axes)]
    traces = [go.Parcoords(line=line, dimensions=dimensions)] if chart.lines else []
    figure = go.Figure(traces)
    _frame(figure, chart.title, chart.note, height=520)
    figure.update_layout(margin={"t": 140, "l": 90, "r": 60})
    return figure


def _name(mark: Points | Lines | Band | Field) -> str:
    return "" if isinstance(mark, Field) else mark.label


def _trace(mark: Points | Lines | Band | Field, chart: Chart) -> Any:
    match mark:
        case Band():
            return _band(mark)
        case Points():
            return _points(mark)
        case Lines():
            return _lines(mark)
        case Field():
            return _field(mark, chart)


def _points(mark: Points) -> Any:
    thin = mark.symbol == "cross"
    colour = {"color": mark.values, "coloraxis": "coloraxis"} if mark.values else {}
    outline: dict[str, Any] = {"width": 2 if mark.symbol in ("cross", "ring") else 1}
    outline["color"] = mark.colour if thin or mark.symbol == "ring" else mark.edge
    marker = {"symbol": _SYMBOLS.get(mark.symbol, mark.symbol), "size": mark.size, "line": outline}
    return go.Scatter(
        name=mark.label,
        x=mark.x,
        y=mark.y,
        mode="markers",
        cliponaxis=False,
        marker=marker | (colour or {"color": mark.colour}),
        hovertext=mark.hover,
        hoverinfo="text" if mark.hover else "skip",
    )


def _legend_entry(mark: Points) -> Any:
    """Marks of many colours have none of their own in plotly's legend."""
    return go.Scatter(
        name=mark.label,
        legendgroup=mark.label,
        showlegend=True,
        x=[None],
        y=[None],
        mode="markers",
        marker={"symbol": _SYMBOLS[mark.symbol], "size": mark.size, "color": VALUED},
    )


def _lines(mark: Lines) -> Any:
    x: list[float | None] = []
    y: list[float | None] = []
    hover: list[str] = []
    for i, (xs, ys) in enumerate(mark.paths):
        x += [*xs, None]
        y += [*ys, None]
        hover += [mark.hover[i] if mark.hover else ""] * (len(xs) + 1)
    return go.Scatter(
        name=mark.label,
        x=x,
        y=y,
        mode="lines",
        opacity=mark.opacity,
        line={
            "color": mark.colour,
            "width": mark.width,
            "shape": "hv" if mark.steps else "linear",
            "dash": "dash" if mark.dashed else "solid",
        },
        hovertext=hover,
        hoverinfo="text+y" if mark.hover else "skip",
    )


def _band(mark: Band) -> Any:
    return go.Scatter(
        name=mark.label,
        x=(*mark.x, *mark.x[::-1]),
        y=(*mark.high, *mark.low[::-1]),
        mode="lines",
        fill="toself",
        fillcolor=mark.colour,
        opacity=mark.opacity,
        line={"width": 0},
        hoverinfo="skip",
    )


def _add_labels(figure: Any, mark: Labels, panel: Panel, row: int, column: int) -> None:
    """As annotations, since only they have a ground; on a log axis these are in decades."""
    for x, y, text in zip(mark.x, mark.y, mark.texts, strict=True):
        figure.add_annotation(
            x=math.log10(x) if panel.x.log else x,
            y=math.log10(y) if panel.y.log else y,
            yshift=mark.lift,
            yanchor="bottom" if mark.lift >= 0 else "top",
            text=f"<b>{escape(text)}</b>" if mark.bold else escape(text),
            showarrow=False,
            font={"size": 12, "color": INK},
            bgcolor="rgba(255,255,255,0.8)",
            row=row,
            col=column,
        )


def _field(mark: Field, chart: Chart) -> Any:
    """Has the colours of the chart's own scale: a contour on a shared one hangs plotly.js."""
    colours = _colour_axis(chart)
    low, high = colours["cmin"], colours["cmax"]
    valued = any(isinstance(m, Points) and m.values for p in chart.panels for m in p.marks)
    return go.Contour(
        x=mark.x,
        y=mark.y,
        z=mark.z,
        zmin=low,
        zmax=high,
        colorscale=colours["colorscale"],
        colorbar=colours["colorbar"],
        showscale=not valued,  # points bring the chart's own
        contours={
            "start": low,
            "end": high,
            "size": (high - low) / LEVELS,
            "showlines": mark.lined,
        },
        opacity=mark.opacity,
        line={"width": 0.5},
        hoverinfo="skip",
    )


def _axes(figure: Any, panel: Panel, row: int, column: int) -> None:
    if panel.title:
        figure.add_annotation(
            text=f"<b>{escape(panel.title)}</b>",
            x=0,
            y=1.01,
            xref="x domain",
            yref="y domain",
            xanchor="left",
            yanchor="bottom",
            showarrow=False,
            row=row,
            col=column,
        )
    figure.update_xaxes(_axis(panel.x), row=row, col=column)
    figure.update_yaxes(_axis(panel.y), row=row, col=column)


def _axis(axis: Axis) -> dict[str, Any]:
    layout: dict[str, Any] = {
        "title": {"text": escape(axis.label), "standoff": 8, "font": {"size": 14}},
        "type": "log" if axis.log else "linear",
        "zeroline": False,
    }
    if axis.limits:
        layout["range"] = [math.log10(end) if axis.log else end for end in axis.limits]
    if axis.ticks is not None:
        layout |= {"tickvals": list(axis.ticks), "ticktext": list(axis.ticks.values())}
    return layout


def _colour_axis(chart: Chart) -> dict[str, Any]:
    assert chart.colours is not None
    ramp, ticks = chart.colours.rising, chart.colours.ticks
    bar: dict[str, Any] = {
        "title": {"text": escape(chart.colours.label), "side": "right", "font": {"size": 13}}
    }
    if ticks:
        bar |= {"tickvals": list(ticks), "ticktext": list(ticks.values())}
    return {
        "colorscale": [[i / (len(ramp) - 1), colour] for i, colour in enumerate(ramp)],
        "cmin": chart.colours.low,
        "cmax": chart.colours.high,
        "colorbar": bar,
    }


def _dimension(chart: ParallelChart, i: int, axis: ParallelAxis) -> dict[str, Any]:
    places, low = [line.places[i] for line in chart.lines], chart.lowest(i)
    return {
        "label": escape(axis.label),
        "values": places,
        "range": [min(chart.lowest(k) for k in range(len(chart.axes))), 1],
        "tickvals": [at for at in axis.ticks if at >= low],
        "ticktext": [text for at, text in axis.ticks.items() if at >= low],
    }


def _frame(figure: Any, title: str, note: str, height: int) -> None:
    under = f'<br><span style="font-size:13px;color:{GREY}">{escape(note)}</span>' if note else ""
    figure.update_layout(
        template="plotly_white",
        title={"text": f"<b>{escape(title)}</b>{under}", "x": 0.01, "xanchor": "left"},
        font={"color": INK, "size": 13},
        height=height,
        margin={"t": 90, "b": 110},
        legend={"orientation": "h", "y": 0, "yref": "container", "yanchor": "bottom"},
        hoverlabel={"align": "left"},
    )
