"""The end of a session: what was found, in the terminal, on disk and on the parent run."""

from __future__ import annotations

from rich.console import Console

from sweeper.ledger.ledger import Ledger
from sweeper.summary import Summary, markdown, render, write
from sweeper.sweep.enhance import champion
from sweeper.sweep.report import LOGS, any_failed, report
from sweeper.tracker.mirror import Mirror

__all__ = ["publish"]


def publish(ledger: Ledger, mirror: Mirror, console: Console) -> Summary:
    """Sum the sweep up, write it everywhere and show it."""
    records = ledger.history.counted(ledger.config.epochs)
    summary = report(ledger.config, ledger.history, mirror)
    write(summary, ledger.config, records, ledger.paths.summary)
    mirror.set_description(markdown(summary))
    mirror.log_parent_artifacts(ledger.paths.summary)
    if any_failed(ledger.history.records()):
        mirror.log_parent_artifacts(ledger.paths.logs, LOGS)
    if (best := champion(ledger.config, ledger.paths, records)) is not None:
        mirror.register_model(best)
    console.print(render(summary))
    return summary
