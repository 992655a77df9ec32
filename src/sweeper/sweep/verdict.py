"""The end of a session: what was found, in the terminal, on disk and on the parent run."""

from __future__ import annotations

import time
from dataclasses import replace

from rich.console import Console

from sweeper.engine.limits import is_over
from sweeper.ledger.ledger import Ledger
from sweeper.records import TrialRecord
from sweeper.summary import render, summarise, write
from sweeper.summary.markdown import markdown
from sweeper.tracker.mirror import Mirror

__all__ = ["publish"]


def publish(ledger: Ledger, mirror: Mirror, console: Console) -> None:
    """Sum the sweep up, write it everywhere and show it."""
    records = ledger.history.records()
    summary = summarise(
        ledger.config,
        records,
        wall_seconds=ledger.history.elapsed(time.time()),
        links=_links(mirror, records),
    )
    summary = replace(summary, commands=_commands(ledger, summary.more))
    write(summary, ledger.config, records, ledger.paths.summary)
    mirror.set_description(markdown(summary))
    mirror.log_parent_artifacts(ledger.paths.summary)
    console.print(render(summary))


def _links(mirror: Mirror, records: list[TrialRecord]) -> dict[int, str]:
    """Where the MLflow UI shows the trials' runs, as seen from another page of it."""
    runs = {r.number: mirror.run_id(r.number) for r in records}
    place = f"#/experiments/{mirror.experiment_id}/runs"
    return {number: f"{place}/{run}" for number, run in runs.items() if run is not None}


def _commands(ledger: Ledger, enough: int) -> dict[str, str]:
    name, total = ledger.config.name, ledger.config.budget.trials
    more = {"more trials": f"sweeper resume {name} --trials {enough}"}
    if is_over(ledger.config, ledger.history, time.time()):
        return {}  # it was not for want of trials
    if ledger.unfinished() or ledger.count() < total:
        return {"go on": f"sweeper resume {name}", **more}
    return more
