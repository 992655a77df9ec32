"""A summary as files: text, tables for programs, figures, one page with everything."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sweeper import families, plots
from sweeper.charts import as_csv, write_png
from sweeper.export import TRIAL_COLUMNS, csv_text, trial_rows
from sweeper.ledger.files import write_atomically
from sweeper.region import inside
from sweeper.summary.answer import SCHEMA
from sweeper.summary.markdown import markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sweeper.charts import Chart, ParallelChart
    from sweeper.config import SweepConfig
    from sweeper.records import TrialRecord
    from sweeper.region import Region
    from sweeper.summary.answer import Summary

__all__ = ["NEXT", "to_json", "trials_csv", "write"]

NEXT = "next.yaml"
"""The search space that follows, among the files of a summary."""

_WITHOUT_PARAMETERS = ("history", "learning_curves", "top_curves", "edf", "timeline", "pareto")
"""Figures that have a place for trials outside the search space, too."""

_ORDER = (
    "contour",
    "pareto",
    "profile",
    "isolation",
    "slice",
    "parallel_coordinates",
    "importance",
    "top_curves",
    "learning_curves",
    "history",
    "edf",
    "timeline",
)


def write(
    summary: Summary, config: SweepConfig, records: Sequence[TrialRecord], directory: Path
) -> tuple[Path, ...]:
    """Write summary.md, summary.json, trials.csv, next.yaml and report.html with all figures.

    Beside them, each figure as figures/NAME.png and what it shows as figures/NAME.csv.

    Returns:
        What was written; a figure with nothing to draw is left out.
    """
    from sweeper.summary.html import page

    charts = dict(_charts(config, records, summary.region))
    texts = {
        "summary.md": markdown(summary),
        "summary.json": json.dumps(to_json(summary), indent=2) + "\n",
        "trials.csv": trials_csv(config, records),
        "report.html": page(summary, list(charts.values())),
    }
    if summary.next_space is not None:
        texts[NEXT] = summary.next_space.yaml
    for name, text in texts.items():
        write_atomically(directory / name, text)
    return (*(directory / name for name in texts), *_draw(charts, directory / "figures"))


def to_json(summary: Summary) -> dict[str, Any]:
    """The summary as JSON values: the fields of `Summary`, nested, and ``schema``.

    Values that are not known are null; parameters are under their search-space names; times are in
    seconds, the objective in its own units.
    """
    return {"schema": SCHEMA} | asdict(summary)


def trials_csv(config: SweepConfig, records: Sequence[TrialRecord]) -> str:
    """One line a trial, whatever became of it; metrics are those of its best epoch."""
    return csv_text(trial_rows(config, records), TRIAL_COLUMNS)


def _charts(
    config: SweepConfig, records: Sequence[TrialRecord], region: Region
) -> Iterator[tuple[str, Chart | ParallelChart]]:
    names = families.member_names("plots")
    # repeats and trials that confirm would lie on what they repeat
    records = [r for r in records if not (r.is_repeat or r.is_confirming)]
    placed = inside(config, records)
    rank = {name: i for i, name in enumerate(_ORDER)}
    for name in sorted(names, key=lambda n: (rank.get(n, len(rank)), n)):
        if name == "pareto" and not config.objective.also:
            continue
        shown = records if name in _WITHOUT_PARAMETERS else placed
        yield name, plots.draw(name, shown, config.objective, config.search_space, region)


def _draw(charts: dict[str, Chart | ParallelChart], folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, chart in charts.items():
        if not chart.empty:
            path = folder / f"{name}.png"
            write_png(chart, path)
            table = path.with_suffix(".csv")
            write_atomically(table, as_csv(chart))
            yield from (path, table)
