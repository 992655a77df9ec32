"""Charts as plain values, drawn twice from one description: interactive (plotly), PNG (matplotlib).

Knows nothing of trials; `sweeper.plots` turns trials into charts.
"""

from sweeper.charts.chart import Axis, Band, Chart, Colours, Field, Labels, Lines, Panel, Points
from sweeper.charts.drawing import as_plotly, write_png
from sweeper.charts.parallel import ParallelAxis, ParallelChart, ParallelLine
from sweeper.charts.to_csv import as_csv

__all__ = [
    "Axis",
    "Band",
    "Chart",
    "Colours",
    "Field",
    "Labels",
    "Lines",
    "Panel",
    "ParallelAxis",
    "ParallelChart",
    "ParallelLine",
    "Points",
    "as_csv",
    "as_plotly",
    "write_png",
]
