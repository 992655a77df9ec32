"""`sweeper compare`: sweeps at equal budget, in the terminal, as files, and in MLflow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import plotly.io  # type: ignore[import-untyped]
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sweeper.charts import as_plotly, write_png
from sweeper.compare import Comparison, Contender, chart, compare, csv_table, markdown, verdict
from sweeper.compare.report import METHOD, header, rows
from sweeper.errors import TrackingError
from sweeper.ledger.files import write_atomically
from sweeper.ledger.paths import SweepPaths
from sweeper.sweep.destination import destination
from sweeper.sweep.look import Look, look
from sweeper.sweep.place import enter
from sweeper.tracker.comparison import ComparisonRun, log_comparison

__all__ = ["compare_sweeps"]


def compare_sweeps(
    names: Sequence[str], sweeps: Path, folder: Path, console: Console, *, in_mlflow: bool = True
) -> Comparison:
    """Compare the sweeps, show it, write it to ``folder``, and keep it as a run in MLflow.

    Raises:
        SweepNotFound: there is no such sweep.
        ConfigError: they cannot be compared.
        LedgerError: a sweep cannot be read, or the folder not be written.
    """
    found = [look(SweepPaths.existing(name, sweeps)) for name in names]
    folder = folder.absolute()
    contenders = [
        Contender(one.name, one.config, one.history.counted(one.config.epochs)) for one in found
    ]
    comparison = compare(contenders)
    _show(comparison, console)
    files = _write(comparison, folder)
    console.print(
        f"{folder}: {', '.join(path.name for path in files)}", style="dim", soft_wrap=True
    )
    if in_mlflow:
        _keep(comparison, found, files, console)
    return comparison


def _show(comparison: Comparison, console: Console) -> None:
    console.print(Text(verdict(comparison), style="bold"))
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for name in header(comparison):
        table.add_column(name, min_width=max(map(len, name.split()), default=0), overflow="fold")
    for row in rows(comparison):
        table.add_row(*map(Text, row))
    console.print(table)
    console.print(METHOD, style="dim", highlight=False)
    for note in comparison.notes:
        console.print(f"! {note}", style="yellow", markup=False)


def _write(comparison: Comparison, folder: Path) -> list[Path]:
    drawn = chart(comparison)
    texts = {
        "comparison.md": markdown(comparison),
        "comparison.csv": csv_table(comparison),
        "comparison.html": plotly.io.to_html(as_plotly(drawn), include_plotlyjs=True),
    }
    for name, text in texts.items():
        write_atomically(folder / name, text)
    write_png(drawn, folder / "comparison.png")
    return [*(folder / name for name in texts), folder / "comparison.png"]


def _keep(
    comparison: Comparison, found: Sequence[Look], files: Sequence[Path], console: Console
) -> None:
    """In the experiment of the first sweep; without a tracking server the files have it all."""
    enter(found[0].manifest.folder)  # MLflow's default store is named from there
    try:
        url = log_comparison(
            destination(found[0].paths),
            found[0].config.experiment,
            _run(comparison, found, files),
        )
    except TrackingError as error:
        console.print(f"{error}; the files have it all", style="yellow", markup=False)
        return
    name = " vs ".join(standing.name for standing in comparison.standings)
    shown = f"run {name!r} of the experiment {found[0].config.experiment!r}; `sweeper ui` shows it"
    console.print(f"in MLflow: {url or shown}", style="dim", markup=False, soft_wrap=True)


def _run(comparison: Comparison, found: Sequence[Look], files: Sequence[Path]) -> ComparisonRun:
    names = [standing.name for standing in comparison.standings]
    metrics = {}
    for one in comparison.standings:
        metrics[f"median_best.{one.name}"] = one.at_trials.median
        if one.at_seconds is not None:
            metrics[f"median_best_in_time.{one.name}"] = one.at_seconds.median
    return ComparisonRun(
        name=f"{' vs '.join(names)}",
        sweep_ids=[one.manifest.sweep_id for one in found],
        metrics=metrics,
        params={"sweeps": ", ".join(sorted(names)), "objective": comparison.metric},
        step=sum(standing.trials for standing in comparison.standings),
        description=markdown(comparison),
        files=files,
    )
