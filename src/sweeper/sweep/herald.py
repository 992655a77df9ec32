"""The end of a session, told to a webhook."""

from __future__ import annotations

import logging
import platform
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Console

from sweeper import words
from sweeper.config import host_of
from sweeper.engine.conductor import Ending
from sweeper.interruption import Terminated
from sweeper.ledger.history import History
from sweeper.ledger.ledger import Ledger
from sweeper.summary import Summary, counts_line
from sweeper.sweep.notify import keep_told, recall_told, webhook
from sweeper.sweep.report import report
from sweeper.sweep.webhook import PATIENCE_SECONDS, deliver
from sweeper.tracker.mirror import Mirror
from sweeper.tracker.quiet import without_password

__all__ = ["Herald"]

log = logging.getLogger(__name__)

_DISCORD_CHARACTERS = 2000
_WHY_CHARACTERS = 500
_HURRIED_SECONDS = 5.0
_FAILED = "failed"
_SAID: Mapping[str, str] = {
    Ending.FINISHED: "has finished",
    Ending.STOPPED: "was stopped",
    Ending.CANCELLED: "was cancelled",
    Ending.ABORTED: "was given up",
    _FAILED: "has lost its driver to an error",
}


class Herald:
    """Tells how a session ended, once; what goes wrong in that is only said.

    A finished sweep that a further session finds nothing to do in is not told of again.
    """

    def __init__(self, ledger: Ledger, mirror: Mirror, console: Console) -> None:
        self._ledger = ledger
        self._mirror = mirror
        self._console = console
        self._told = False

    def tell(self, ending: Ending, why: str, summary: Summary | None = None) -> None:
        """Tell of an end in order.

        Args:
            why: in words.
            summary: what the sweep has found, where that has been worked out.
        """
        progress = _progress(self._ledger.history)
        finished, paths = ending is Ending.FINISHED, self._ledger.paths
        if finished and recall_told(paths) == progress:
            return
        # who interrupts a driver wants it to be gone
        patience = _HURRIED_SECONDS if ending is Ending.CANCELLED else PATIENCE_SECONDS
        if self._tell(ending, why, summary, patience) and finished:
            keep_told(progress, paths)

    def fail(self, error: Exception) -> None:
        """Tell that the driver ends by ``error``."""
        self._tell(_FAILED, without_password(str(error) or type(error).__name__), None)

    def _tell(
        self, ending: str, why: str, summary: Summary | None, patience: float = PATIENCE_SECONDS
    ) -> bool:
        """Whether it was delivered."""
        address, _ = webhook(self._ledger.config)
        if self._told or not address:
            return False
        self._told = True
        try:
            message = self._message(ending, why[:_WHY_CHARACTERS], summary)
            trouble = deliver(address, message, patience)
        except Terminated:
            raise
        except KeyboardInterrupt:
            trouble = "Ctrl-C: no longer waiting for it"
        except Exception as error:  # whatever it is, the trials are done
            log.exception("what a webhook is told")
            trouble = type(error).__name__
        if trouble:
            remark = f"notify: {host_of(address)} was not told how the sweep ended: {trouble}"
            log.warning(remark)
            self._console.print(remark, style="yellow", markup=False)
        return not trouble

    def _message(self, ending: str, why: str, summary: Summary | None) -> dict[str, Any]:
        ledger, mirror = self._ledger, self._mirror
        found = summary or report(ledger.config, ledger.history, mirror, ongoing=True)
        best, url = found.region.best, without_password(mirror.parent_url or "")
        host, folder = platform.node(), str(ledger.paths.root)
        text = _text(ending, why, found, url or f"{host}:{folder}")
        return {
            "text": text,  # Slack, Mattermost, Teams
            "content": text[:_DISCORD_CHARACTERS],
            "sweep": found.name,
            "experiment": found.experiment,
            "session": ledger.history.sessions,
            "ending": ending,
            "why": why,
            "verdict": found.verdict,
            "metric": found.region.metric,
            "direction": ledger.config.objective.direction,
            "best": asdict(best) if best else None,
            "counts": asdict(found.region.counts),
            "url": url or None,
            "host": host,
            "folder": folder,
        }


def _text(ending: str, why: str, found: Summary, where: str) -> str:
    best, metric = found.region.best, found.region.metric
    lines = [f"{found.name} {_SAID[ending]}" + (f": {why}" if why else ""), found.verdict]
    if best:
        value = words.measured(metric, best.value)
        lines.append(f"Best: trial {best.number}, {metric} {value}, {words.settings(best.params)}")
    return "\n".join([*lines, counts_line(found), where])


def _progress(history: History) -> str:
    """Stands for all that trials have done so far."""
    records = history.records()
    return f"{sum(r.attempts for r in records)} {sum(r.state.ended for r in records)}"
