"""What docs/guide.md says of the MLflow UI, done with the mouse on a real sweep."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from browser import needs_browser, with_text
from server import free_port, wait_until
from ui_site import Site, shoot

pytestmark = [needs_browser, pytest.mark.timeout(600)]

_CARD = """[...document.querySelectorAll('[data-testid="experiment-view-compare-runs-card"]')]
    .find(e => e.innerText.startsWith("NAME"))
    ?.querySelector('[data-testid="experiment-view-compare-runs-card-menu"]')"""
_UNFOLD = "document.querySelector('.ag-row button')"
_LAST = "[...document.querySelectorAll('*')].filter(e => e.innerText === 'TEXT').pop()"
_MENU = "[...document.querySelectorAll('[role=menuitem]')].map(e => e.innerText)"
_AXES = "[...document.querySelectorAll('.xtitle')].map(e => e.textContent)"


def _item(text: str) -> str:
    roles = "[role=menuitem], [role=menuitemradio], [role=menuitemcheckbox]"
    return with_text(roles, text)


def test_the_commands_of_old_open_the_same_store(folder: Path) -> None:
    """`mlflow ui` in the project's folder, with nothing but a port."""
    port = free_port()
    with (folder / "mlflow-ui.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "ui", "--port", str(port), "--workers", "1"],
            cwd=folder,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}/ajax-api/2.0/mlflow/experiments/get-by-name"

    def experiment() -> str:
        assert process.poll() is None, (folder / "mlflow-ui.log").read_text()
        try:
            url = f"{address}?experiment_name=baseline_verification"
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read())
        except OSError:
            return ""

    try:
        wait_until(lambda: "sharedViewState" in experiment())
    finally:
        os.killpg(process.pid, 9)
        process.wait(60)


def test_the_sidebar_and_the_experiments(site: Site) -> None:
    """A browser that is new to the server begins with MLflow's tools for language models."""
    page = site.open("")
    page.wait_for("baseline_verification")
    page.click(_LAST.replace("TEXT", "Model training"), then="Model registry")
    page.click(with_text("a", "baseline_verification"), then="7 matching runs")
    page.open(f"{site.uri}/#/experiments")  # the browser remembers it
    page.click(with_text("a", "baseline_verification"), then="7 matching runs")


def test_the_runs_table_has_the_guides_columns(site: Site) -> None:
    page = site.open(site.runs_table, width=1700)
    page.wait_for("7 matching runs")
    for column in ("Run Name", "Created", "Dataset", "Duration", "Source", "Models"):
        page.wait_for(column)
    page.wait_for("dprnn.yaml")
    page.click(_UNFOLD, then=site.best.info.run_name)
    page.wait_for("v1")  # the registered model, in the best trial's row
    page.click(with_text("button", "Columns"), then="Parameters")
    page.wait_for("Metrics")
    shoot(page, "guide-runs-table")


def test_a_run_shows_its_source_with_the_commit_and_its_parameters(site: Site) -> None:
    page = site.open(site.run(site.best.info.run_id), height=1600)
    page.wait_for("Parameters (")
    params, tags = site.best.data.params, site.best.data.tags
    assert {"lr", "batch_size", "n_fft", "epochs", "seed"} <= params.keys()
    for name in ("batch_size", "n_fft"):
        page.wait_for(name)
    page.wait_for("dprnn.yaml")
    page.wait_for(tags["mlflow.source.git.commit"][:7])


def test_a_run_says_what_it_was_trained_on(site: Site) -> None:
    page = site.open(site.run(site.best.info.run_id))
    page.wait_for("Datasets")
    data_set = "[...document.querySelectorAll('span')].find(e => e.innerText.startsWith('demo ('))"
    page.click(data_set, then="Data details")
    for part in ("train recordings: 24", "valid recordings: 8", "sample rate hz: 16000", "noisy"):
        page.wait_for(part)
    shoot(page, "guide-dataset")


def test_a_click_on_a_metric_opens_its_chart(site: Site) -> None:
    page = site.open(site.run(site.best.info.run_id))
    for name in ("train_loss_epoch", "val_loss_epoch"):
        page.wait_for(name)
    page.click(with_text("a", "train_loss_epoch"), then="Add chart")
    page.wait("location.href.includes('model-metrics')")
    page.wait("document.querySelectorAll('.js-plotly-plot .scatterlayer .js-line').length")
    page.wait_for("train_loss_epoch")


def test_charts_have_smoothing_relative_time_a_log_scale_and_an_export(site: Site) -> None:
    page = site.open(site.run(site.best.info.run_id, "/model-metrics"), height=2200)
    page.wait_for("train_loss_epoch")
    page.wait(f"{_AXES}.length > 4 && {_AXES}.every(text => text === 'Step')")
    configure = "document.querySelector('[aria-label=\"Configure charts\"]')"
    page.click(configure, then="Line smoothing")
    page.click(_item("Time (relative)"), then="Relative Time")
    page.wait(f"{_AXES}.every(text => text === 'Relative Time')")
    shoot(page, "guide-relative-time")
    page.click(_CARD.replace("NAME", "train_loss_epoch"), then="Export as CSV")
    assert {"Export as CSV", "Download as PNG"} <= set(page.run(_MENU))
    shoot(page, "guide-export")
    page.click(_item("Configure"), then="Log scale")


def test_ticked_runs_are_compared(site: Site) -> None:
    page = site.open(site.runs_table)
    page.wait_for("7 matching runs")
    page.click(_UNFOLD, then=site.best.info.run_name)
    for row in (1, 2, 3):
        page.tick(f"[...document.querySelectorAll('.ag-row .ag-checkbox-input')][{row}]")
    page.click(with_text("button", "Compare"), then="Comparing 3 Runs")
    for chart in ("Parallel Coordinates Plot", "Scatter Plot", "Contour Plot"):
        page.wait_for(chart)
    shoot(page, "guide-compare")


def test_the_prepared_view_has_its_columns(site: Site) -> None:
    page = site.open(site.run(site.parent.info.run_id))
    page.wait_for("Charts of all trials")
    view = page.run(f"{with_text('a', 'Charts of all trials')}.hash")
    page = site.open(view.replace("compareRunsMode=CHART", "compareRunsMode=TABLE"), width=2600)
    page.wait_for("6 matching runs")
    page.wait_for("v1")
    for column in ("Models", "best_val_si_sdr", "val_loss_epoch", "n_fft", "sweeper.stop_reason"):
        page.wait_for(column)
    first = "document.querySelector('.ag-pinned-left-cols-container .ag-row')?.innerText ?? ''"
    page.wait(f"({first}).includes({site.best.info.run_name.split()[0]!r})")
    shoot(page, "guide-view-columns")
