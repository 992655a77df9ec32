"""The Pareto front in a summary."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sweeper.config import Aim, SweepConfig
from sweeper.records import TrialRecord, TrialState
from sweeper.summary import markdown, render, summarise, write
from sweeper.summary.answer import Summary
from sweeper.summary.files import to_json
from sweeper.summary.front import front_table, front_words
from sweeper.summary.schema import json_schema
from synthetic import START, sweep_config, trial

jsonschema = pytest.importorskip("jsonschema")
SPEED = Aim(metric="samples_per_second", direction="maximize")
MEMORY = Aim(metric="peak_memory_bytes", direction="minimize")
# by number: batch size, val_si_sdr, samples_per_second, peak_memory_bytes
TRIALS = [
    (2, 10.0, 50.0, 1e8),  # the best, and the slowest
    (4, 9.8, 85.0, 2e8),  # the bargain
    (4, 9.0, 85.0, 2e8),  # dominated by trial 1
    (16, 7.0, 100.0, 9e8),
    (8, 6.5, 100.0, 9e8),  # dominated by trial 3
]


def _config(*also: Aim) -> SweepConfig:
    config = sweep_config()
    return config.model_copy(
        update={"objective": config.objective.model_copy(update={"also": also})}
    )


def _record(number: int, batch: int, si_sdr: float, speed: float, memory: float) -> TrialRecord:
    record = trial(number, {"lr": 1e-3, "batch_size": batch, "model.encoder": "stft"}, si_sdr)
    more = {"samples_per_second": speed, "peak_memory_bytes": memory}
    reports = tuple(replace(r, metrics={**r.metrics, **more}) for r in record.reports)
    return replace(record, reports=reports)


RECORDS = [_record(i, *values) for i, values in enumerate(TRIALS)]


def _summary(records: list[TrialRecord], *also: Aim, **more: Any) -> Summary:
    return summarise(_config(*also), records, now=START, **more)


def test_the_front_has_the_best_first() -> None:
    front = _summary(RECORDS, SPEED, links={1: "http://x/1"}).front
    assert front is not None
    assert front.metrics == ("val_si_sdr", "samples_per_second")
    assert [(t.number, t.values) for t in front.trials] == [
        (0, (10.0, 50.0)),
        (1, (9.8, 85.0)),
        (3, (7.0, 100.0)),
    ]
    assert front.finished == 5
    assert front.trials[1].link == "http://x/1"
    assert front.trials[1].params == {"lr": 1e-3, "batch_size": 4, "model.encoder": "stft"}


def test_one_sentence_says_what_the_best_bargain_costs() -> None:
    two, three = (_summary(RECORDS, *also).front for also in ([SPEED], [SPEED, MEMORY]))
    assert two is not None
    assert three is not None
    head = (
        "Against trial 0 (lr 1e-3, batch_size 2, model.encoder stft), the best in val_si_sdr, "
        "trial 1 (lr 1e-3, batch_size 4, model.encoder stft) has 0.20 dB less val_si_sdr"
    )
    assert front_words(two) == f"{head} and 1.7 times the samples_per_second."
    assert front_words(three, 0.31) == (
        f"{head}, 1.7 times the samples_per_second and 2 times the peak_memory_bytes. "
        "Seeds alone make 0.31 dB (standard deviation)."
    )


def test_one_trial_that_is_the_best_in_all() -> None:
    front = _summary([RECORDS[0], _record(1, 2, 9.0, 40.0, 1e8)], SPEED).front
    assert front is not None
    assert front_words(front) == "Trial 0 is the best in all of them: nothing has to be traded."


def test_equal_trials_are_on_the_front_together() -> None:
    twice = [RECORDS[0], _record(1, 2, 10.0, 50.0, 1e8)]
    front = _summary(twice, SPEED).front
    assert front is not None
    assert [t.number for t in front.trials] == [0, 1]
    assert "nothing has to be traded" in front_words(front)


def test_every_form_has_it(tmp_path: Path) -> None:
    summary = _summary(RECORDS, SPEED)
    console = Console(width=150, file=io.StringIO(), record=True)
    console.print(render(summary))
    said = console.export_text()
    for text in (said, markdown(summary)):
        assert "Pareto front" in text
        assert "1.7 times the samples_per_second" in " ".join(text.split())
    assert "85 segments/s" in said
    written = write(summary, _config(SPEED), RECORDS, tmp_path)
    assert {"pareto.png", "pareto.csv"} <= {path.name for path in written}
    page = (tmp_path / "report.html").read_text()
    assert "<h2>Pareto front</h2>" in page
    found = json.loads((tmp_path / "summary.json").read_text())
    assert [t["number"] for t in found["front"]["trials"]] == [0, 1, 3]


def test_one_objective_has_no_front(tmp_path: Path) -> None:
    summary = _summary(RECORDS)
    assert summary.front is None
    assert not front_table(summary).rows
    assert "Pareto" not in markdown(summary)
    written = write(summary, _config(), RECORDS, tmp_path)
    assert not [path for path in written if "pareto" in path.name]
    assert "Pareto" not in (tmp_path / "report.html").read_text()


def test_nothing_finished(tmp_path: Path) -> None:
    summary = _summary([replace(RECORDS[0], state=TrialState.PRUNED)], SPEED)
    assert summary.front is not None
    assert (summary.front.trials, summary.front.finished) == ((), 0)
    assert "Pareto" not in markdown(summary)
    assert not [p for p in write(summary, _config(SPEED), [], tmp_path) if "pareto" in p.name]


def test_stopped_trials_are_told_to_be_left_out() -> None:
    stopped = replace(RECORDS[4], state=TrialState.PRUNED)
    note = front_table(_summary([*RECORDS[:4], stopped], SPEED)).note
    assert "On the front: 3 of 4 finished trials." in note
    assert "Early stopping judged val_si_sdr alone and left 1 out" in note


def test_a_long_front_is_shown_in_part_with_both_ends() -> None:
    records = [_record(i, 2, 10.0 - i, 50.0 + i, 1e8) for i in range(40)]
    table = front_table(_summary(records, SPEED))
    assert len(table.rows) == 10
    assert [table.rows[0][1], table.rows[-1][1]] == ["0", "39"]
    assert "On the front: 40 of 40 finished trials; 10 are shown." in table.note


def test_json_is_as_the_schema_has_it() -> None:
    for also in ([], [SPEED], [SPEED, MEMORY]):
        found = json.loads(json.dumps(to_json(_summary(RECORDS, *also))))
        jsonschema.validate(found, json_schema())
