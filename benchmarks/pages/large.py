"""A large sweep that never ran: its history is written as a driver writes it, and shipped."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.browser import Page, browser
from tests.server import Server, free_port
from tests.synthetic import sweep_config, sweep_records

from sweeper.config import SweepConfig, flat_params
from sweeper.ledger.files import LineLog
from sweeper.ledger.history import read_history, report_fields
from sweeper.ledger.paths import SweepPaths
from sweeper.records import EpochReport, TrialRecord
from sweeper.summary import markdown, write
from sweeper.sweep.admission import admit
from sweeper.sweep.identity import identify
from sweeper.sweep.report import report
from sweeper.tracker.mirror import Mirror

__all__ = ["Timed", "measure"]

_STEPS_PER_EPOCH = 5


@dataclass
class Timed:
    """Seconds of each stage of a sweep with ``trials``, in order."""

    trials: int
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - began


def measure(trials: int, folder: Path, pictures: Path | None = None) -> Timed:
    """Write, ship and look at a sweep; its store is ``folder/mlflow.db``.

    Args:
        pictures: folder for a picture of each page, after its time was taken.
    """
    timed = Timed(trials)
    config = sweep_config(trials=trials)
    paths = SweepPaths(folder / config.name)
    paths.root.mkdir(parents=True)
    _write_history(paths, config, [_with_losses(r) for r in sweep_records(trials)])
    manifest = admit(config, SweepPaths(folder / "other"), "large.yaml").manifest
    sweep = identify(config, manifest, with_data=False)
    with Mirror(paths.root, sweep, f"sqlite:///{folder}/mlflow.db") as mirror:
        mirror.open()
        with timed.stage("every event into MLflow"):
            mirror.sync()
        history = read_history(paths.history)
        with timed.stage("the page's text"):
            summary = report(config, history, mirror)
            text = markdown(summary)
        with timed.stage("figures, tables, report"):
            write(summary, config, history.records(), paths.summary)
        mirror.set_description(text)
        mirror.log_parent_artifacts(paths.summary)
        mirror.settle()
        parent = f"#/experiments/{mirror.experiment_id}/runs/{mirror.parent_run_id}"
        view = str(mirror.view_place)
        _look(timed, folder, {"parent": parent, "view": view}, summary.verdict, paths, pictures)
    return timed


def _look(
    timed: Timed,
    folder: Path,
    places: Mapping[str, str],
    verdict: str,
    paths: SweepPaths,
    pictures: Path | None,
) -> None:
    def keep(name: str) -> None:
        if pictures is not None:
            page.shoot(pictures / f"{name}-{timed.trials}.png")

    server = Server(folder, free_port())
    server.start()
    try:
        with browser() as chromium:
            page = chromium.page(1440, 2000)  # charts are drawn when they are seen
            page.open(server.uri)  # what every visitor has in the browser's cache
            page.wait_for("Model training")
            with timed.stage("parent page in the browser"):
                page.open(f"{server.uri}/{places['parent']}?workflowType=machine_learning")
                page.wait_for(verdict[:60])
            keep("parent")
            with timed.stage("prepared view, all charts drawn"):
                page.open(f"{server.uri}/{places['view']}")
                _wait_for_charts(page, timed.trials)
            keep("view")
            with timed.stage("report.html, all figures drawn"):
                page.open((paths.summary / "report.html").as_uri())
                page.wait("document.querySelectorAll('.main-svg').length >= 9")
            keep("report")
    finally:
        server.stop()


def _wait_for_charts(page: Page, trials: int) -> None:
    """The UI lists a hundred runs at a time, some of which have no value."""
    least = min(50, trials // 4)
    page.wait("document.querySelectorAll('.contourlayer path').length > 0")
    page.wait("document.querySelectorAll('.scatterlayer .point').length >= " + str(least))
    page.wait("document.querySelectorAll('.scatterlayer .js-line').length >= " + str(least))
    page.wait("document.body.innerText.includes('Parallel Coordinates')")


def _with_losses(record: TrialRecord) -> TrialRecord:
    """With the metrics and the step losses that a training reports."""
    reports = []
    for r in record.reports:
        value = r.metrics["val_si_sdr"]
        metrics = {**r.metrics, "train_loss": -value - 0.3, "val_loss": -value, "lr": 1e-3}
        first = _STEPS_PER_EPOCH * (r.epoch - 1) + 1
        steps = {first + i: -value + 0.1 * i for i in range(_STEPS_PER_EPOCH)}
        reports.append(EpochReport(r.epoch, metrics, r.time, steps))
    return replace(record, reports=tuple(reports))


def _write_history(paths: SweepPaths, config: SweepConfig, records: list[TrialRecord]) -> None:
    log = LineLog(paths.history)
    log.append({"event": "session", "time": records[0].started, "session": 1})
    for r in records:
        flat = flat_params(config, r.params)
        start = {"trial": r.number, "params": dict(r.params), "flat_params": flat, "attempt": 1}
        log.append({"event": "start", "time": r.started, "seed": r.seed, **start})
        for epoch in r.reports:
            log.append({"event": "epoch", "trial": r.number, **report_fields(epoch)})
        end = {"state": r.state, "reason": r.reason, "value": r.value}
        log.append({"event": "end", "time": r.ended, "trial": r.number, **end})
    log.append({"event": "session_end", "time": records[-1].ended, "reason": "finished"})
    log.close()
