"""From measured costs to the tables."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.scale.reading import Shipped
from benchmarks.scale.replay import Cost

__all__ = ["reading_table", "shipping_table", "trial_table"]


def trial_table(sizes: Sequence[dict[str, Cost]]) -> str:
    """One row for each part of a trial's cost, one column for each size."""
    columns = [next(iter(costs.values())).before for costs in sizes]
    lines = [
        "## The driver's CPU milliseconds for one more trial, by the number there are\n",
        _row("with", "part", *(f"{n:,} trials" for n in columns), "last : first"),
        "|---|---|" + "--:|" * (len(columns) + 1),
    ]
    for parts, first in sizes[0].items():
        for stage in first.by_stage:
            values = [costs[parts].by_stage[stage] for costs in sizes]
            lines.append(_row(parts, stage, *_compared(values)))
        totals = [sum(costs[parts].by_stage.values()) for costs in sizes]
        lines.append(_row(parts, "**all**", *_compared(totals)))
    return "\n".join(lines) + "\n"


def reading_table(trials: int, status: float, summary: float, driver: int, all_: int) -> str:
    """What a look and a verdict take."""
    rows = [
        f"## A sweep of {trials:,} trials\n",
        _row("what", "measured"),
        "|---|--:|",
        _row("`sweeper status`, without Python's start", f"{status:.2f} CPU s"),
        _row("summary with all figures, tables and the report", f"{summary:.1f} CPU s"),
        _row("peak memory of the driver's ledger, sampler and pruner", f"{driver / 1e6:.0f} MB"),
        _row("the same after the summary", f"{all_ / 1e6:.0f} MB"),
    ]
    return "\n".join(rows) + "\n"


def shipping_table(pieces: Sequence[Shipped], sizes: Sequence[int]) -> str:
    """What mirroring costs where there are so many runs already; the mean of three pieces each."""
    lines = [
        "## Mirroring to MLflow's SQLite store, in bulk\n",
        _row("trials there", "CPU ms for one more"),
        "|--:|--:|",
    ]
    for size in sizes:
        near = sorted(pieces, key=lambda piece: abs(piece.before - size))[:3]
        cpu = sum(p.cpu * p.trials for p in near) / sum(p.trials for p in near)
        lines.append(_row(f"{near[0].before:,}", f"{cpu:.1f}"))
    return "\n".join(lines) + "\n"


def _compared(values: Sequence[float]) -> list[str]:
    return [*(f"{value:.2f}" for value in values), f"{values[-1] / values[0]:.1f}"]


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
