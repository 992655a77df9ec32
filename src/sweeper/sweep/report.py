"""What the parent run says of the sweep: at the end of a session, and while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from sweeper.config import SweepConfig
from sweeper.engine.limits import is_over
from sweeper.ledger.confirmation import progress
from sweeper.ledger.history import History
from sweeper.ledger.paths import SweepPaths, find_sweeps
from sweeper.records import TrialRecord, TrialState
from sweeper.summary import Summary, markdown, summarise
from sweeper.sweep.code_changes import changes_of
from sweeper.sweep.enhance import champion
from sweeper.sweep.reader import HistoryReader
from sweeper.throttle import Throttle
from sweeper.tracker.mirror import Mirror

__all__ = ["LOGS", "LiveReport", "any_failed", "report"]

LOGS = "logs"
"""Where the parent run has the session's logs, if a trial has failed."""

_SECONDS = 15.0


def report(
    config: SweepConfig, history: History, mirror: Mirror, *, ongoing: bool = False
) -> Summary:
    """Sum the sweep up as it stands now, with links into the MLflow UI."""
    records, now = history.counted(config.epochs), time.time()
    best = champion(config, mirror.paths, records)
    summary = summarise(
        config,
        records,
        wall_seconds=history.elapsed(now),
        gpu_seconds=history.gpu_seconds(now),
        links={n: place for r in records if (place := mirror.run_place(n := r.number))},
        now=now,
        ongoing=ongoing,
        places=_places(mirror, best, ongoing=ongoing, failed=any_failed(records)),
        settings={**mirror.sweep.limits, **mirror.sweep.settings},
        taken=[paths.root.name for paths in find_sweeps(mirror.paths.root.parent)],
        remarks=changes_of(history),
    )
    left = partial(_commands, config, history, records, now)
    commands = _while_running(config) if ongoing else left(summary)
    if best is not None and not ongoing:
        commands["train the best again"] = f"sweeper reproduce {config.name} {best}"
    if best is not None:
        commands["hear the best model"] = f"sweeper enhance {config.name} NOISY.wav ENHANCED.wav"
    return replace(summary, commands=commands)


def any_failed(records: Iterable[TrialRecord]) -> bool:
    """Whether there is a trial whose logs somebody will want to read."""
    return any(r.state is TrialState.FAILED for r in records)


class LiveReport:
    """Keeps the parent run's page true while the sweep runs; for the mirror's thread.

    It is written anew when something has happened, at most every 15 seconds, and less often where
    that costs more than 2% of a processor.
    """

    def __init__(self, config: SweepConfig, paths: SweepPaths, mirror: Mirror) -> None:
        self._config = config
        self._mirror = mirror
        self._reader = HistoryReader(paths)
        self._last: float | None = None
        self._throttle = Throttle(_SECONDS)

    def __call__(self) -> None:
        """Write the page if it is time to.

        Raises:
            TrackingError: MLflow cannot be reached.
        """
        if self._throttle.due:
            with self._throttle.turn():
                self._write()

    def _write(self) -> None:
        history = self._reader.read()
        if history.last_time != self._last and history.in_session:
            summary = report(self._config, history, self._mirror, ongoing=True)
            self._mirror.show_description(markdown(summary))
            self._last = history.last_time


def _places(mirror: Mirror, best: int | None, *, ongoing: bool, failed: bool) -> dict[str, str]:
    """What a reader of the parent run can go to; figures, model and logs are there at the end."""
    places = {"Charts of all trials": mirror.view_place}
    if not ongoing:
        places["Figures"] = mirror.artifact_place("report.html")
        places["Best model"] = mirror.model_place if best is not None else None
        places["Logs"] = mirror.artifact_place(f"{LOGS}/ray.log") if failed else None
    return {what: place for what, place in places.items() if place}


def _while_running(config: SweepConfig) -> dict[str, str]:
    return {
        "watch it": f"sweeper watch {config.name}",
        "end it after the running trials": f"sweeper stop {config.name}",
        "after a crash": f"sweeper resume {config.name}",
    }


def _commands(
    config: SweepConfig,
    history: History,
    records: Sequence[TrialRecord],
    now: float,
    summary: Summary,
) -> dict[str, str]:
    """What to type next."""
    name, total = config.name, config.budget.trials
    more = {"more trials": f"sweeper resume {name} --trials {summary.more}"}
    after = _after(config, history, summary)
    if is_over(config, history, now):
        return after  # it was not for want of trials
    search = [r for r in records if not r.is_confirming]
    if any_failed(records):
        more["try the failed trials again"] = f"sweeper resume {name} --retry-failed"
    if sum(r.state.ended for r in search) < max(total, len(search)):
        return {"go on": f"sweeper resume {name}", **more}
    return more | after


def _after(config: SweepConfig, history: History, summary: Summary) -> dict[str, str]:
    """What follows on a search that has found something."""
    if summary.region.best is None:
        return {}
    confirm = progress(config, history)
    wanting = confirm.left > 0 or confirm.done == 0
    first = {"confirm the best": f"sweeper confirm {config.name}"} if wanting else {}
    return first | {"search the next space": f"sweeper refine {config.name}"}
