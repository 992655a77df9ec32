"""A chart of either kind as an interactive figure or a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sweeper.charts.chart import Chart
from sweeper.charts.parallel import ParallelChart

__all__ = ["as_plotly", "write_png"]


def as_plotly(chart: Chart | ParallelChart) -> Any:
    """As a `plotly.graph_objects.Figure`."""
    from sweeper.charts import to_plotly

    if isinstance(chart, ParallelChart):
        return to_plotly.draw_parallel(chart)
    return to_plotly.draw(chart)


def write_png(chart: Chart | ParallelChart, path: Path) -> None:
    """Write it as PNG."""
    from sweeper.charts import to_png

    if isinstance(chart, ParallelChart):
        to_png.draw_parallel(chart, path)
    else:
        to_png.draw(chart, path)
