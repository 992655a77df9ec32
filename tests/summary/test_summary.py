from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas
import pytest
from rich.cells import cell_len

from sweeper import families
from sweeper.records import TrialState
from sweeper.region import (
    Counts,
    Edge,
    Evidence,
    Interval,
    LeaveOneOut,
    Noise,
    Slope,
    Tie,
    interval_words,
)
from sweeper.summary import Summary, markdown, render, summarise, write
from sweeper.summary.advice import advice, enough_trials
from sweeper.summary.files import to_json
from sweeper.summary.findings import findings
from sweeper.summary.html import page as report
from sweeper.summary.schema import json_schema
from sweeper.summary.tables import Table
from sweeper.summary.terminal import _Fitted
from sweeper.summary.warnings import warnings
from sweeper.terminal import terminal
from synthetic import SPACE, START, sound_records, sweep_config, sweep_records, trial

jsonschema = pytest.importorskip("jsonschema")
CONFIG = sweep_config(trials=60)
RECORDS = sweep_records(60)
LINKS = {r.number: f"http://127.0.0.1:5000/#/experiments/1/runs/r{r.number}" for r in RECORDS}
COMMANDS = {"more trials": "sweeper resume dprnn --trials 90"}
SUMMARY = summarise(CONFIG, RECORDS, links=LINKS, commands=COMMANDS, now=START)
EMPTY = summarise(CONFIG, [], now=START)
PLAIN = sweep_config({name: SPACE[name] for name in ("lr", "batch_size")}, trials=40)
SOUND = summarise(PLAIN, sound_records(40), now=START)
INTERVAL = Interval(1.2e-3, 4e-3, tied=3, worse=0, expected=29.5, confidence=0.9)
ROOT = Path(__file__).parents[2]


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
    text = markdown(summarise(config, [trial(0, {"model.kind": "a|b"}, 9.0)]))
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) == 2
    for table in tables:
        assert len({row.replace("\\|", "").count("|") for row in table}) == 1


def test_a_table_that_is_too_wide_says_which_columns_it_leaves_out() -> None:
    names = [f"model.quite_a_long_name_{i}" for i in range(6)]
    config = sweep_config({n: {"type": "float", "low": 0.0, "high": 1.0} for n in names})
    text = shown(summarise(config, [trial(0, dict.fromkeys(names, 0.5), 9.0)]), 80)
    assert "quite_a_long_name_0" in text
    said = " ".join(text.split())
    assert "No room here for: time, epochs, quite_a_long_name_5, quite_a_long_name_4" in said


def test_a_sound_sweep_has_evidence_and_no_warnings() -> None:
    assert SOUND.warnings == ()
    told = {finding.topic: finding.text for finding in SOUND.findings}
    assert next(iter(told)) == "centre"
    assert told["trials"].startswith("40 of 40 trained to the last epoch, ")
    assert "grows as batch_size^0." in told["slope"]
    assert "90% interval" in told["prediction"]
    assert [step.split(",")[0] for step in SOUND.steps] == ["Before it is built upon"]


def test_a_bound_is_advised_as_the_next_space_has_it() -> None:
    edge = Edge("batch_size", "lower", 2.0, 2.0, 0.7, 1.0)
    region = replace(SOUND.region, edges=(edge,))
    move = "ove the lower end of batch_size from 2 to 1"
    assert next(advice(region, 40)) == f"M{move} and search on."
    said = next(advice(region, 40, {"batch_size": "thin evidence"}))
    assert said == f"To be sure, m{move} by hand: next.yaml does not (thin evidence)."


def test_a_batch_size_where_no_trial_finished_is_to_be_confirmed_first() -> None:
    rows = [replace(row, counts=Counts(stopped=4)) for row in SOUND.region.rows]
    edge = Edge("batch_size", "lower", 2.0, 2.0, 0.7, 1.0)
    region = replace(SOUND.region, rows=tuple(rows), edges=(edge,))
    size = region.centre.params["batch_size"] if region.centre else None
    first, *others = advice(region, 40)
    assert first.startswith("Train the recommended centre to the end (`sweeper confirm` does that)")
    assert f"no trial with batch_size {size} has finished" in first
    assert not any("sweeper confirm" in other for other in others)


def test_what_confirms_is_counted_apart() -> None:
    config = sweep_config(SPACE, trials=6)
    search = [trial(n, {"lr": 1e-3, "batch_size": 8}, 5.0 + n) for n in range(3)]
    search += [trial(n, {"lr": 1e-3}, 5.0, TrialState.PRUNED) for n in range(3, 6)]
    again = [replace(search[2], number=n, stage="confirm", confirms=2) for n in (6, 7)]
    summary = summarise(config, [*search, *again])
    told = {finding.topic: finding.text for finding in summary.findings}
    assert told["trials"] == (
        "3 of 6 trained to the last epoch, 2 more with fresh seeds to confirm"
    )
    assert "6 trials: 3 finished, 3 stopped early, and 2 that confirmed" in shown(summary, 200)


def test_steps_say_how_many_trials_are_missing() -> None:
    edge = Edge("batch_size", "lower", 2.0, 2.0, 0.7, 1.0)
    thin = Evidence(False, "it is known too little", more_trials=12)
    counts = replace(SOUND.region.counts, finished=10, stopped=30)
    region = replace(SOUND.region, edges=(edge,), evidence=thin, counts=counts, recommended=None)
    said = (
        "about 12 more to the last epoch would be enough evidence, which is about 48 in all, since "
        "most are stopped early."
    )
    # no bound is moved on thin evidence, as next.yaml does not
    command = "`sweeper resume` with `--trials 88`"
    assert list(advice(region, 40)) == [f"Run 48 more trials ({command}): {said}"]
    assert list(advice(region, 60)) == [f"Run more trials (40 of 60 have ended): {said}"]
    few = replace(region, map=None, evidence=Evidence(False, "only 3 trials finished"))
    assert list(advice(few, 40)) == [
        "Run 20 more trials (`sweeper resume` with `--trials 60`): only 3 trials finished."
    ]
    assert enough_trials(region, 40) == 88
    assert enough_trials(SOUND.region, 40) == 60


def test_more_trials_are_not_advised_where_settings_do_not_matter() -> None:
    flat = replace(SOUND.region, evidence=Evidence(False, "seeds differ as much"))
    assert [step[:31] for step in advice(flat, 40)] == ["More trials alone may not help:"]


def test_findings_of_what_a_sweep_may_hold() -> None:
    row = replace(SOUND.region.rows[2], cliff_octaves=1.5, interval=INTERVAL)
    region = replace(
        SOUND.region,
        recommended=row,
        counts=replace(SOUND.region.counts, diverged=3),
        slope=Slope(0.1, -0.2, 0.4),
        noise=Noise(0.05, repeated=2),
        ties=(Tie(16, 3e-3, 29.5, 0.9, 1.7),),
        evidence=replace(SOUND.region.evidence, loo=LeaveOneOut(40, 0.6, 0.1)),
    )
    told = {finding.topic: finding.text for finding in findings(region)}
    assert told["as good"] == (
        "batch_size 16 with lr 3e-3 is as good and 1.7x faster: expect val_si_sdr 29.50 dB, "
        "near-optimal with 90% probability"
    )
    assert told["slope"].startswith("no clear trend of the best lr with batch_size")
    assert told["cliff"] == (
        "the nearest trial that diverged had lr 0.011, 2.8 times the interval's upper end "
        "(1.5 octaves)"
    )
    assert told["trials"].endswith("2 configurations with more than one seed")
    assert told["prediction"].endswith("the model does not predict, do not rely on it")
    assert "does not predict" in "".join(warnings(CONFIG, [], region))


def test_json_follows_its_published_schema(written: Path) -> None:
    published = json.loads((ROOT / "docs" / "summary.schema.json").read_text())
    assert published == json_schema()  # else: sweeper schema summary > docs/summary.schema.json
    for summary in (SUMMARY, EMPTY, SOUND):
        jsonschema.validate(json.loads(json.dumps(to_json(summary))), published)
    jsonschema.validate(json.loads((written / "summary.json").read_text()), published)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(json.dumps(to_json(SOUND) | {"region": None})), published)
    summary_fields = published["properties"]
    assert all("description" in field for field in summary_fields.values())


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
    summary = summarise(sweep_config(trials=8), records)
    assert summary.warnings == (
        "6 of 8 trials ended, 1 are unfinished: this is not the whole sweep.",
        "1 trial failed; the last (trial 4): disk full",
        "1 trial ran out of time before the last epoch.",
        "33% of the trials diverged, the lowest at lr 0.02: lower the upper end of the range.",
        "Out of memory: 1 of 5 trials with batch_size 16.",
        "Only 1 trial trained to the end: ranges and ranks can change with more.",
    )
    edge = "lr: the optimum may lie above 0.03, the upper end of its range."
    known = replace(summary.region, evidence=SOUND.region.evidence)
    assert edge in warnings(sweep_config(trials=8), records, known)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("summary")
    paths = write(SUMMARY, CONFIG, RECORDS, folder)
    assert all(path.is_file() for path in paths)
    assert {p for p in folder.rglob("*") if p.is_file()} == set(paths)
    return folder


def test_files(written: Path) -> None:
    names = sorted(p.relative_to(written).as_posix() for p in written.rglob("*") if p.is_file())
    figures = sorted({*families.member_names("plots")} - {"pareto"})  # of several objectives
    assert names == [
        *(f"figures/{figure}.{form}" for figure in figures for form in ("csv", "png")),
        "next.yaml",
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
    assert page.plots == len(families.member_names("plots")) - 1
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
    file = io.StringIO()
    console = terminal(file)
    console.width = width
    console.print(render(summary))
    return file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("summary", [SUMMARY, SOUND], ids=["synthetic", "sound"])
def test_terminal_shows_what_matters_unabridged(summary: Summary, width: int) -> None:
    text = shown(summary, width)
    assert "…" not in text
    words = " ".join(text.replace("│", " ").split())
    assert " ".join(summary.verdict.split()) in words
    for said in (*(f.text for f in summary.findings), *summary.steps, *summary.warnings):
        assert said in words.replace(" ! ", " ")
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    assert lines == [line.rstrip() for line in lines]


def test_terminal_tables_have_one_line_a_row() -> None:
    lines = shown(SOUND, 80).splitlines()
    interval = next(row.interval for row in SOUND.region.rows if row.interval)
    words = interval_words(interval)
    (row,) = [line for line in lines if line[0:1].isdigit() and words in line]
    assert row.endswith(" of 10")
    ranks = [line.split()[0] for line in lines if line[0:1].isdigit()]
    assert ranks == ["40", "2", "4", "8", "16", "1", "2", "3", "4", "5"]  # 40 trials: ...


@pytest.mark.parametrize("width", [12, 30, 45, 52, 59, 66, 67, 80, 120])
def test_a_column_without_room_is_left_out_by_name_and_no_number_is_cut(width: int) -> None:
    header = ("#", "trial", "lr", "n_fft", "search", "search", "95% of mean", "seeds")
    row = ("1", "centre", "1.84e-3", "128", "7.51 dB", "한글", "7.511 to 7.783", "3 of 4")
    table = Table("Seeds", header, (row, tuple("-" * 8)), spare=("seeds", "n_fft", "lr"))
    file = io.StringIO()
    console = terminal(file)
    console.width = width
    console.print(_Fitted(table))
    text = " ".join(file.getvalue().split())
    left_out = text.partition("No room here for: ")[2].removesuffix(".").split(", ")
    for name, cell in zip(header, row, strict=True):
        assert (cell in text.partition("No room")[0]) or name in left_out
    assert max(cell_len(line) for line in file.getvalue().splitlines()) <= width
    assert (left_out == [""]) == (width >= 67)


def test_markdown_says_the_same_in_the_same_order() -> None:
    text = markdown(SOUND)
    places = [text.index(SOUND.verdict), text.index("## Region"), text.index("## Evidence")]
    places += [text.index(finding.text) for finding in SOUND.findings]
    places += [text.index("## Next"), text.index(SOUND.steps[0])]
    assert places == sorted(places)


def test_terminal_without_trials() -> None:
    assert "No trial has ended" in shown(EMPTY, 80)


def test_terminal_takes_names_literally() -> None:
    assert "[red]x[/red]" in shown(replace(SUMMARY, name="[red]x[/red]"), 80)
