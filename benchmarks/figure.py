"""``python -m benchmarks.figure``: docs/performance.png from the tables of the benchmarks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

__all__: list[str] = []

_HERE = Path(__file__).parent
_FIGURE = _HERE.parent / "docs" / "performance.png"
_OURS, _OTHERS = "#1f5fa8", "#b8c0c9"


@dataclass(frozen=True, slots=True)
class _Panel:
    """One table's column as bars.

    Attributes:
        results: file of the table.
        column: what its head begins with.
        value: from the cell's number to the bar's length.
    """

    title: str
    results: str
    column: str
    value: Callable[[float], float]
    form: str


_PANELS = (
    _Panel(
        "CPU seconds of one further trial of 10 reports",
        "overhead/rivals.md",
        "CPU s per further trial",
        lambda seconds: seconds,
        "{:.2f} s",
    ),
    _Panel(
        "Worker time without training, trials of 2 s",
        "busy/results.md",
        "training, share",
        lambda percent: 100.0 - percent,
        "{:.1f}%",
    ),
    _Panel(
        "From the command to the target, median",
        "target/results.md",
        "seconds from the command",
        lambda seconds: seconds,
        "{:.0f} s",
    ),
)


def _main() -> None:
    tables = [_values(panel) for panel in _PANELS]
    figure, axes = plt.subplots(
        len(tables),
        1,
        figsize=(8, 1.1 + 0.42 * sum(len(table) + 2 for table in tables)),
        height_ratios=[len(table) + 1 for table in tables],
    )
    for axis, panel, table in zip(axes, _PANELS, tables, strict=True):
        _bars(axis, panel, table)
    figure.tight_layout()
    figure.savefig(_FIGURE, dpi=110)


def _values(panel: _Panel) -> dict[str, float]:
    """The column of the first table in the file, by the name in its first column."""
    lines = (_HERE / panel.results).read_text().splitlines()
    rows = [_cells(line) for line in lines if line.startswith("|")]
    head = [cell.strip("*") for cell in rows[0]]
    at = next(i for i, cell in enumerate(head) if cell.startswith(panel.column))
    numbers = {row[0]: float(row[at].strip("*%")) for row in rows[2:] if len(row) == len(head)}
    return {name: panel.value(number) for name, number in numbers.items()}


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _bars(axis: Axes, panel: _Panel, table: dict[str, float]) -> None:
    """The first row that is sweeper's is the measure of all."""
    ours = next(value for name, value in table.items() if name.startswith("sweeper"))
    finite = {name: value for name, value in table.items() if math.isfinite(value)}
    names = list(finite)
    colours = [_OURS if name.startswith("sweeper") else _OTHERS for name in names]
    bars = axis.barh(names, list(finite.values()), color=colours)
    labels = [
        panel.form.format(value) + (f" = {value / ours:.1f} x" if value != ours else "")
        for value in finite.values()
    ]
    axis.bar_label(bars, labels, padding=4, fontsize=9)
    axis.set_title(panel.title, loc="left", fontsize=10)
    axis.set_xlim(0, 1.22 * max(finite.values()))
    axis.invert_yaxis()
    axis.tick_params(axis="x", labelsize=8)
    axis.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    _main()
