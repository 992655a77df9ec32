"""The best by budget, of all compared sweeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sweeper.charts import Axis, Chart, Lines, Panel
from sweeper.compare.comparison import Comparison, Curve, Standing
from sweeper.words import duration, labelled

__all__ = ["chart"]

_COLOURS = ("#21918c", "#46327e", "#e08214", "#d62728", "#8c564b", "#1f77b4")
_HOUR = 3600.0


def chart(comparison: Comparison) -> Chart:
    """Two panels: by trials, and by hours of all workers together."""
    by_trials = _lines(comparison.standings, lambda s: s.by_trials, 1.0)
    by_hours = _lines(comparison.standings, lambda s: s.by_seconds, _HOUR)
    y = Axis(f"expected best {labelled(comparison.metric)}")
    panels = [Panel(Axis("trials, log scale", log=True), y, tuple(by_trials))]
    if by_hours:
        panels.append(Panel(Axis("worker hours, log scale", log=True), y, tuple(by_hours)))
    return Chart(
        "The best to expect from a search of this length",
        tuple(panels),
        note=f"Thin lines: the middle 90% over the order of trials. Equal budgets: "
        f"{comparison.trials} trials, {duration(comparison.seconds)} of worker time.",
    )


def _lines(
    standings: Sequence[Standing], curve: Callable[[Standing], Curve], unit: float
) -> list[Lines]:
    found = []
    for i, one in enumerate(standings):
        points = curve(one)
        if not points:
            continue
        x = tuple(budget / unit for budget, _ in points)
        colour = _COLOURS[i % len(_COLOURS)]
        edges = (
            (x, tuple(best.low for _, best in points)),
            (x, tuple(best.high for _, best in points)),
        )
        found.append(Lines("", edges, colour, width=0.8, opacity=0.5))
        middle = ((x, tuple(best.expected for _, best in points)),)
        found.append(Lines(one.name, middle, colour, width=2.5, hover=(one.name,)))
    return found
