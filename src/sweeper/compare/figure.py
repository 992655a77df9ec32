"""The best by budget, of all compared sweeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sweeper.charts import Axis, Chart, Lines, Panel
from sweeper.compare.comparison import Comparison, Curve, Standing
from sweeper.words import duration, labelled

__all__ = ["chart"]

_COLOURS = ("#21918c", "#46327e", "#e08214", "#d62728", "#8c564b", "#1f77b4")
_TRIALS = tuple(step * 10**power for power in range(6) for step in (1, 2, 5))
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_TIMES = tuple(
    step * unit
    for unit, steps in (
        (1, (1, 3, 10, 30)),
        (_MINUTE, (1, 3, 10, 30)),
        (_HOUR, (1, 3, 10)),
        (_DAY, (1, 3, 10, 30, 100)),
    )
    for step in steps
)


def chart(comparison: Comparison) -> Chart:
    """Two panels: by trials, and by the time of all workers together."""
    by_trials = _lines(comparison.standings, lambda s: s.by_trials)
    by_time = _lines(comparison.standings, lambda s: s.by_seconds)
    limits = _limits([s.by_trials for s in comparison.standings])
    y = Axis(f"median best {labelled(comparison.metric)}", limits)
    panels = [Panel(_axis("trials", by_trials, _TRIALS, str), y, tuple(by_trials))]
    if by_time:
        panels.append(Panel(_axis("worker time", by_time, _TIMES, duration), y, tuple(by_time)))
    return Chart(
        "The best to expect from a search of this length",
        tuple(panels),
        note=f"Thick: the median; thin: the middle 90% over the order of trials. Equal budgets: "
        f"{comparison.trials} trials, {duration(comparison.seconds)} of worker time.",
    )


def _limits(curves: Sequence[Curve]) -> tuple[float, float]:
    """Around the medians: what very short searches can miss leaves the figure."""
    bests = [best for curve in curves for _, best in curve]
    ends = [best for curve in curves for best in (curve[-1][1],)]
    shown = [best.median for best in bests] + [x for best in ends for x in (best.low, best.high)]
    margin = 0.06 * (max(shown) - min(shown)) or 0.5
    return min(shown) - margin, max(shown) + margin


def _axis(
    name: str, lines: Sequence[Lines], ticks: Sequence[int], words: Callable[[int], str]
) -> Axis:
    x = [value for line in lines for xs, _ in line.paths for value in xs]
    low, high = 0.95 * min(x), 1.05 * max(x)
    inside = {float(tick): words(tick) for tick in ticks if low <= tick <= high}
    return Axis(f"{name}, log scale", (low, high), log=True, ticks=inside)


def _lines(standings: Sequence[Standing], curve: Callable[[Standing], Curve]) -> list[Lines]:
    found = []
    for i, one in enumerate(standings):
        points = curve(one)
        if not points:
            continue
        x = tuple(budget for budget, _ in points)
        colour = _COLOURS[i % len(_COLOURS)]
        edges = (
            (x, tuple(best.low for _, best in points)),
            (x, tuple(best.high for _, best in points)),
        )
        found.append(Lines("", edges, colour, width=0.8, opacity=0.5))
        middle = ((x, tuple(best.median for _, best in points)),)
        found.append(Lines(one.name, middle, colour, width=2.5, hover=(one.name,)))
    return found
