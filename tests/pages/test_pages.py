"""A real sweep of real trainings, its MLflow server, and a browser that looks at every page.

With SWEEPER_SCREENSHOTS=FOLDER the pages are saved there.
"""

from __future__ import annotations

import json

import pytest
import soundfile

from browser import needs_browser
from ui_site import Site, shoot

pytestmark = [needs_browser, pytest.mark.timeout(600)]

_LINKS = "[...document.querySelectorAll('a')].map(a => [a.innerText, a.hash])"
_AUDIO = """(function search(root) {
    for (const e of root.querySelectorAll("*")) {
        const found = e.tagName === "AUDIO" ? e : e.shadowRoot && search(e.shadowRoot);
        if (found) return found;
    }
})(document)"""  # the player is in a shadow root


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
    page.wait_for("Charts of all trials")
    shoot(page, "parent")


def test_the_whole_page_has_links_that_lead_to_runs_figures_and_model(site: Site) -> None:
    page = site.open(site.run(site.parent.info.run_id), height=1700)
    page.wait_for("Show more")
    page.press("button", "Show more")
    page.wait_for("Settings")
    shoot(page, "parent-whole")
    for part in ("Best trials", "Warnings", "sweeper resume dprnn --trials", "trials=6"):
        page.wait_for(part)
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
    assert seconds == pytest.approx(soundfile.info(site.noisy).duration, abs=0.01)
    page.run(f"{_AUDIO}.play()")
    page.wait(f"{_AUDIO}.currentTime > 0.1")
    shoot(page, "audio")


def test_the_best_model_enhances_a_recording(site: Site) -> None:
    noisy, enhanced = site.noisy, site.shop.folder / "enhanced.wav"
    for model in ("dprnn", "models:/dprnn@champion"):
        code, said = site.shop.run("enhance", model, str(noisy), str(enhanced), "--force")
        assert code == 0, said
        found, wanted = soundfile.info(enhanced), soundfile.info(noisy)
        assert (found.frames, found.samplerate) == (wanted.frames, wanted.samplerate)
    code, said = site.shop.run("enhance", "dprnn", str(enhanced), str(enhanced), "--force")
    assert (code, "is the noisy recording itself" in said) == (2, True), said
    code, said = site.shop.run("enhance", "dprn", str(noisy), str(enhanced), "--force")
    assert (code, "did you mean 'dprnn'" in said) == (2, True), said


def test_the_log_of_a_child_can_be_read(site: Site) -> None:
    page = site.open(site.run(site.best.info.run_id, "/artifacts/train.log"))
    page.wait_for("INFO")
    page.wait_for("trained 3 epochs")
