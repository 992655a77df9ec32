from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas
import pytest
from rich.console import Console

from sweeper import families
from sweeper.records import TrialState
from sweeper.summary import Summary, markdown, render, summarise, write
from sweeper.summary.html import page as report
from synthetic import SPACE, START, sweep_config, sweep_records, trial

CONFIG = sweep_config(trials=60)
RECORDS = sweep_records(60)
LINKS = {r.number: f"http://127.0.0.1:5000/#/experiments/1/runs/r{r.number}" for r in RECORDS}
COMMANDS = {"more trials": "sweeper resume dprnn --trials 90"}
SUMMARY = summarise(CONFIG, RECORDS, links=LINKS, commands=COMMANDS, now=START)
EMPTY = summarise(CONFIG, [], now=START)


def test_leaderboard_is_the_ten_best_finished() -> None:
    values = [r.value for r in RECORDS if r.state is TrialState.COMPLETE and r.value is not None]
    assert [e.value for e in SUMMARY.leaderboard] == sorted(values, reverse=True)[:10]
    assert [e.rank for e in SUMMARY.leaderboard] == list(range(1, 11))
    assert SUMMARY.leaderboard[0].number == SUMMARY.region.best.number  # type: ignore[union-attr]
    assert all(e.finished and e.link == LINKS[e.number] for e in SUMMARY.leaderboard)


def test_leaderboard_of_a_minimised_objective() -> None:
    config = sweep_config(metric="val_loss", direction="minimize")
    records = [trial(i, {"lr": 1e-3}, float(v)) for i, v in enumerate([3, 1, 2])]
    assert [e.number for e in summarise(config, records).leaderboard] == [1, 2, 0]


def test_leaderboard_shows_stopped_trials_while_none_has_finished() -> None:
    stopped = [r for r in RECORDS if r.state is TrialState.PRUNED]
    board = summarise(CONFIG, stopped).leaderboard
    assert board
    assert not any(entry.finished for entry in board)


def test_leaderboard_leaves_out_what_cannot_vary() -> None:
    record = trial(0, {"lr": 1e-3, "training.weight_decay": 1e-5}, 9.0)
    assert list(summarise(CONFIG, [record]).leaderboard[0].params) == ["lr"]


def test_cost() -> None:
    assert SUMMARY.cost.worker_seconds == sum(r.seconds or 0 for r in RECORDS)
    assert SUMMARY.cost.wall_seconds == max(r.ended or 0 for r in RECORDS) - START
    assert summarise(CONFIG, RECORDS, wall_seconds=5.0).cost.wall_seconds == 5.0
    assert EMPTY.cost.wall_seconds is None


def test_markdown_has_the_verdict_in_its_first_line() -> None:
    first, blank, counts, *rest = markdown(SUMMARY).splitlines()
    assert first == f"**{SUMMARY.verdict}**"
    assert not blank
    assert counts.startswith("60 trials: ")
    assert "## Region" in rest
    number = SUMMARY.leaderboard[0].number
    assert f"[{number}]({LINKS[number]})" in markdown(SUMMARY)
    assert "`sweeper resume dprnn --trials 90`" in markdown(SUMMARY)


def test_markdown_tables_keep_their_columns() -> None:
    config = sweep_config({"model.kind": {"type": "categorical", "choices": ["a|b", "c"]}})
    table = markdown(summarise(config, [trial(0, {"model.kind": "a|b"}, 9.0)]))
    rows = [line.replace("\\|", "") for line in table.splitlines() if line.startswith("|")]
    assert len({row.count("|") for row in rows}) == 1


def test_warnings_of_a_sound_sweep_are_few() -> None:
    config = sweep_config(SPACE, trials=20)
    sound = [trial(i, {"lr": 1e-3 + 1e-4 * i, "batch_size": 4}, 9 - i / 9) for i in range(20)]
    # their curves are straight lines
    assert summarise(config, sound).warnings == (
        "20 of 20 finished trials were still improving at the last epoch: "
        "raise training.epochs (from 12 to 24).",
    )


def test_warnings() -> None:
    params = {"lr": 2e-2, "batch_size": 16}
    records = [
        trial(0, {"lr": 2.9e-2, "batch_size": 8}, 9.0),
        *(trial(i, params, state=TrialState.DIVERGED) for i in (1, 2)),
        trial(3, params, state=TrialState.OUT_OF_MEMORY),
        trial(4, params, state=TrialState.FAILED, reason="disk full"),
        trial(5, params, 2.0, TrialState.TIMED_OUT, epochs=3),
        trial(6, params, 2.0, TrialState.INTERRUPTED, epochs=3),
    ]
    assert summarise(sweep_config(trials=8), records).warnings == (
        "6 of 8 trials ended, 1 are unfinished: this is not the whole sweep.",
        "1 trial failed; the last (trial 4): disk full",
        "1 trial ran out of time before the last epoch.",
        "lr 0.029 is at the upper end of its range (0.03): widen the range and search on.",
        "33% of the trials diverged, the lowest at lr 0.02: lower the upper end of the range.",
        "Out of memory: 1 of 5 trials with batch_size 16.",
        "Only 1 trial trained to the end: ranges and ranks can change with more.",
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("summary")
    paths = write(SUMMARY, CONFIG, RECORDS, folder)
    assert all(path.is_file() for path in paths)
    assert {p for p in folder.rglob("*") if p.is_file()} == set(paths)
    return folder


def test_files(written: Path) -> None:
    names = sorted(p.relative_to(written).as_posix() for p in written.rglob("*") if p.is_file())
    figures = sorted(families.member_names("plots"))
    assert names == [
        *(f"figures/{figure}.{form}" for figure in figures for form in ("csv", "png")),
        "report.html",
        "summary.json",
        "summary.md",
        "trials.csv",
    ]


def test_json_has_everything_under_a_schema_version(written: Path) -> None:
    found = json.loads(
        (written / "summary.json").read_text(), parse_constant=pytest.fail
    )  # NaN is no JSON
    assert found["schema"] == 1
    assert found["verdict"] == SUMMARY.verdict
    assert found["leaderboard"][0]["number"] == SUMMARY.leaderboard[0].number
    row = found["region"]["rows"][2]
    assert row["batch_sizes"] == [8]
    assert row["counts"]["finished"] == SUMMARY.region.rows[2].counts.finished


def test_csv_has_every_trial(written: Path) -> None:
    table = pandas.read_csv(written / "trials.csv")
    assert table["trial"].tolist() == list(range(60))
    assert table["state"].tolist() == [r.state.value for r in RECORDS]
    assert table["params.lr"].tolist() == pytest.approx([r.params["lr"] for r in RECORDS])
    finished = table[table["state"] == "complete"]
    assert finished["metrics.val_si_sdr"].tolist() == pytest.approx(finished["value"].tolist())
    failed = table[table["state"] == "failed"]
    assert set(failed["reason"]) <= {"node lost | 3 times"}
    assert failed["value"].isna().all()


class Page(HTMLParser):
    """Collects what a page loads or leads to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.plots = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.loads += [found["src"] or ""] if "src" in found else []
        self.links += [found["href"] or ""] if tag == "a" else []
        self.plots += "plotly-graph-div" in (found.get("class") or "")


def test_report_needs_nothing_from_outside(written: Path) -> None:
    text = (written / "report.html").read_text()
    page = Page(text)
    assert page.loads == []
    assert page.plots == len(families.member_names("plots"))
    assert page.links == [entry.link for entry in SUMMARY.leaderboard]
    assert SUMMARY.verdict in text
    assert len(text) < 6e6


def test_report_has_no_links_that_lead_nowhere_and_no_foreign_markup() -> None:
    record = trial(0, {"lr": 1e-3, "batch_size": 8}, 9.0)
    failed = trial(1, {"lr": 1e-3}, state=TrialState.FAILED, reason="<img src=x>")
    summary = summarise(CONFIG, [record, failed], links={0: "#/experiments/1/runs/a"})
    assert "<img" not in markdown(summary)
    page = Page(report(summary, []))
    assert (page.links, page.loads) == ([], [])


def test_zero_trials(tmp_path: Path) -> None:
    write(EMPTY, CONFIG, [], tmp_path)
    assert "No trial has ended" in (tmp_path / "summary.md").read_text()
    assert len(list(csv.reader(io.StringIO((tmp_path / "trials.csv").read_text())))) == 1
    assert json.loads((tmp_path / "summary.json").read_text())["leaderboard"] == []


def shown(summary: Summary, width: int) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(render(summary))
    return console.export_text()


@pytest.mark.parametrize("width", [80, 120])
def test_terminal_shows_what_matters_unabridged(width: int) -> None:
    text = shown(SUMMARY, width)
    assert "…" not in text
    row = next(row for row in SUMMARY.region.rows if row.interval)
    assert row.interval is not None
    assert f"{row.interval.low:.1e}".replace("e-0", "e-") in text
    assert COMMANDS["more trials"] in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width


def test_terminal_without_trials() -> None:
    assert "No trial has ended" in shown(EMPTY, 80)


def test_terminal_takes_names_literally() -> None:
    assert "[red]x[/red]" in shown(replace(SUMMARY, name="[red]x[/red]"), 80)
