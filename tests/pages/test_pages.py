"""A real sweep of real trainings, its MLflow server, and a browser that looks at every page.

With SWEEPER_SCREENSHOTS=FOLDER the pages are saved there.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import soundfile

from browser import Browser, Page, browser, needs_browser
from server import Server, free_port
from shop import Shop

pytestmark = [needs_browser, pytest.mark.xdist_group("pages"), pytest.mark.timeout(600)]

_SPACES = Path(__file__).parents[2] / "search_spaces"
_SMALL = {
    "budget.trials": "6",
    "training.epochs": "3",
    "training.epoch_seconds": "8",
    "model.bottleneck": "8",
    "model.hidden": "8",
    "model.layers": "1",
    "pruner": "{name: none}",
    "resources.concurrent": "2",
}
_LINKS = "[...document.querySelectorAll('a')].map(a => [a.innerText, a.hash])"
_AUDIO = """(function search(root) {
    for (const e of root.querySelectorAll("*")) {
        const found = e.tagName === "AUDIO" ? e : e.shadowRoot && search(e.shadowRoot);
        if (found) return found;
    }
})(document)"""  # the player is in a shadow root
_NO_ASSISTANT = """
localStorage.setItem("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true");
localStorage.setItem("mlflow.assistant.panelOpen_v1", "false");
"""


@dataclass
class Site:
    """A finished sweep and what a browser needs to see it."""

    shop: Shop
    uri: str
    experiment: str
    parent: Any
    children: list[Any]
    chromium: Browser

    @property
    def best(self) -> Any:
        return max(self.children, key=lambda run: run.data.metrics["best_val_si_sdr"])

    def open(self, place: str, width: int = 1440, height: int = 1000) -> Page:
        """A place inside the UI, without its chat panel."""
        page = self.chromium.page(width, height)
        page.send("Page.addScriptToEvaluateOnNewDocument", source=_NO_ASSISTANT)
        hovers = [{"name": name, "value": "hover"} for name in ("hover", "any-hover")]
        page.send("Emulation.setEmulatedMedia", features=hovers)
        page.open(f"{self.uri}/{place}")
        return page

    def run(self, run_id: str, rest: str = "") -> str:
        where = f"#/experiments/{self.experiment}/runs/{run_id}{rest}"
        return f"{where}?workflowType=machine_learning"


def shoot(page: Page, name: str) -> None:
    if folder := os.environ.get("SWEEPER_SCREENSHOTS"):
        page.run("new Promise(done => setTimeout(done, 2500))")  # animations end
        page.shoot(Path(folder) / f"{name}.png")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    shop = Shop(tmp_path_factory.mktemp("pages"))
    flags = [word for key, value in _SMALL.items() for word in ("--set", f"{key}={value}")]
    code, said = shop.run("run", str(_SPACES / "dprnn.yaml"), *flags)
    assert code == 0, said
    server = Server(shop.folder, free_port())
    server.start()
    runs = shop.runs()
    (parent,) = runs.parents
    with browser() as chromium:
        yield Site(shop, server.uri, parent.info.experiment_id, parent, runs.children, chromium)
    server.stop()
    shop.close()


def test_the_experiment_shows_one_row_for_the_sweep(site: Site) -> None:
    page = site.open(f"#/experiments/{site.experiment}/runs?workflowType=machine_learning")
    page.wait_for("7 matching runs")
    page.wait_for(site.parent.info.run_name)
    assert "0000 lr=" not in page.text()  # the children are folded into their parent
    shoot(page, "experiment")


def test_the_parents_verdict_is_seen_without_a_click(site: Site) -> None:
    page = site.open(site.run(site.parent.info.run_id))
    page.wait_for("Show more")
    verdict = json.loads((site.shop.folder / "sweeps/dprnn/summary/summary.json").read_text())[
        "verdict"
    ]
    seen = """[...document.querySelectorAll('strong')].map(e => {
        const box = e.getBoundingClientRect(), clip = e.closest('div').getBoundingClientRect();
        return [e.innerText, box.top > 0 && box.bottom < innerHeight, box.height]})"""
    found = {text: (inside, height) for text, inside, height in page.run(seen)}
    assert found[verdict][0]
    assert 0 < found[verdict][1] < 80  # three lines, which is what the UI shows
    assert "Charts of all trials" in page.text()
    shoot(page, "parent")


def test_the_whole_page_has_links_that_lead_to_runs_figures_and_model(site: Site) -> None:
    page = site.open(site.run(site.parent.info.run_id), height=1700)
    page.wait_for("Show more")
    page.press("button", "Show more")
    page.wait_for("Settings")
    shoot(page, "parent-whole")
    text = page.text()
    for part in ("Best trials", "Warnings", "sweeper resume dprnn --trials", "trials=6"):
        assert part in text
    links: list[tuple[str, str]] = page.run(_LINKS)
    best = site.best
    assert [best.data.tags["sweeper.trial"], site.run(best.info.run_id)] in links
    for name, proof in (("Figures", "report.html"), ("Best model", "champion")):
        place = site.open(dict(links)[name])
        place.wait_for(proof)
        shoot(place, name.lower().replace(" ", "-"))


def test_the_prepared_view_opens_with_its_charts_drawn(site: Site) -> None:
    page = site.open(site.run(site.parent.info.run_id))
    page.wait_for("Charts of all trials")
    page = site.open(dict(page.run(_LINKS))["Charts of all trials"], height=2000)
    page.wait_for("6 matching runs")
    for title in (
        "Parallel Coordinates",
        "log10_lr vs. batch_size vs. finished_val_si_sdr",
        "log10_lr vs. best_val_si_sdr",
        "val_si_sdr",
    ):
        page.wait_for(title)
    page.wait("document.querySelectorAll('.js-plotly-plot .main-svg').length >= 6")
    contours = "document.querySelectorAll('.js-plotly-plot .contourlayer path').length"
    assert page.wait(contours) > 0
    dots = "document.querySelectorAll('.js-plotly-plot .scatterlayer .point').length"
    assert page.wait(dots) >= 6
    lines = "document.querySelectorAll('.js-plotly-plot .scatterlayer .js-line').length"
    assert page.wait(lines) >= 6
    assert page.wait("document.querySelectorAll('canvas, .parcoords, svg g.dimension').length") > 0
    shoot(page, "view")


def test_a_childs_page_says_what_it_is_and_how_it_ended(site: Site) -> None:
    page = site.open(site.run(site.best.info.run_id), height=1500)
    page.wait_for("best_val_si_sdr")
    text = page.text()
    for part in (
        site.best.info.run_name,
        "finished_val_si_sdr",
        "val_loss_at_best",
        "best_epoch",
        "sweeper.stop_reason",
        "sweeper.attempt",
        "Parent run",
    ):
        assert part in text, part
    assert " lr=" in site.best.info.run_name
    assert " batch_size=" in site.best.info.run_name
    shoot(page, "child")


def test_an_audio_artifact_plays(site: Site) -> None:
    page = site.open(site.run(site.best.info.run_id, "/artifacts/enhanced.wav"))
    page.wait_for("enhanced.wav")
    seconds = page.wait(f"{_AUDIO}?.duration || 0")
    assert seconds == pytest.approx(soundfile.info(_noisy(site)).duration, abs=0.01)
    page.run(f"{_AUDIO}.play()")
    page.wait(f"{_AUDIO}.currentTime > 0.1")
    shoot(page, "audio")


def test_the_best_model_enhances_a_recording(site: Site) -> None:
    noisy, enhanced = _noisy(site), site.shop.folder / "enhanced.wav"
    for model in ("dprnn", "models:/dprnn@champion"):
        code, said = site.shop.run("enhance", model, str(noisy), str(enhanced))
        assert code == 0, said
        found, wanted = soundfile.info(enhanced), soundfile.info(noisy)
        assert (found.frames, found.samplerate) == (wanted.frames, wanted.samplerate)
    code, said = site.shop.run("enhance", "dprn", str(noisy), str(enhanced))
    assert (code, "did you mean 'dprnn'" in said) == (2, True), said


def _noisy(site: Site) -> Path:
    number = int(site.best.data.tags["sweeper.trial"])
    return site.shop.folder / f"sweeps/dprnn/trials/{number:04d}/artifacts/noisy.wav"


def test_the_log_of_a_child_can_be_read(site: Site) -> None:
    page = site.open(site.run(site.best.info.run_id, "/artifacts/train.log"))
    page.wait_for("INFO")
    assert "trained 3 epochs" in page.text()


def test_runs_compare_side_by_side(site: Site) -> None:
    """MLflow's own compare page, as the team's guide uses it."""
    ids = json.dumps([run.info.run_id for run in site.children[:4]])
    page = site.open(
        f"#/compare-runs?runs={ids}&experiments={json.dumps([site.experiment])}", height=1400
    )
    page.wait_for("Comparing 4 Runs")
    page.wait_for("Parallel Coordinates Plot")
    shoot(page, "compare")


def test_optuna_opens_the_ledger(site: Site) -> None:
    """As optuna-dashboard does it: by the journal file alone, in a process without sweeper."""
    code = """
import sys, optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
storage = JournalStorage(JournalFileBackend(sys.argv[1]))
(study,) = optuna.get_all_study_summaries(storage)
trials = optuna.load_study(study_name=study.study_name, storage=storage).trials
print(study.study_name, len(trials), *[t.state.name for t in trials], *trials[0].params)
"""
    import sys

    journal = site.shop.folder / "sweeps/dprnn/study.journal"
    before = journal.read_bytes()
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(journal)], capture_output=True, text=True, check=True
    )
    name, count, *words = done.stdout.split()
    assert (name, count) == ("dprnn", "6")
    assert words[:6] == ["COMPLETE"] * 6
    assert words[6:] == ["lr", "log2(batch_size)", "log2(model.n_fft)"]
    assert journal.read_bytes() == before
