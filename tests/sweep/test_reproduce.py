"""Whether a trial is the same again: real trainings, changed code, changed numbers."""

from __future__ import annotations

import io
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import toy
from dry_runs import run_session
from sweeper.config import SweepConfig, load
from sweeper.engine.resources import plan_slots
from sweeper.errors import SweeperError, SweepNotFound
from sweeper.ledger.history import read_history
from sweeper.ledger.paths import SweepPaths
from sweeper.records import EpochReport, TrialRecord, TrialState
from sweeper.sweep.again import differences
from sweeper.sweep.identity import dataset_of
from sweeper.sweep.reproduce import Wanted, reproduce, reproduce_with_code_of_then
from sweeper.sweep.setting import look_around

SPEECH = """
name: speech
experiment: toys
model: {name: dprnn, n_filters: 8, bottleneck: 8, hidden: 8, layers: 1, dropout: 0.1}
data: {name: demo}
training: {epochs: 3, epoch_seconds: 8.0, segment: 0.5, schedule: {name: cosine}}
search_space:
  lr: {type: float, low: 1.0e-3, high: 1.0e-2, log: true}
  batch_size: {type: categorical, choices: [2, 4]}
budget: {trials: 1}
pruner: {name: none}
"""

OWN_TASK = """
import time
from sweeper.records import EpochReport


def task(trial, /):
    for epoch in range(trial.reported + 1, trial.epochs + 1):
        yield EpochReport(epoch, {"score": STEP * epoch * trial.params["lr"]}, time.time())


STEP = 1.0
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _sweep(folder: Path, config: SweepConfig) -> list[TrialRecord]:
    """Run the sweep in ``folder``/sweeps, with the setting that `sweeper run` records."""
    found = look_around(config, dataset_of(config), folder, plan_slots(config.resources))
    sweeps = folder / "sweeps"
    sweeps.mkdir(exist_ok=True)
    ledger, _ = run_session(sweeps, config, setting=found.setting)
    found.keep(ledger.paths)
    return ledger.history.records()


def _space(folder: Path, text: str) -> SweepConfig:
    (folder / "space.yaml").write_text(text)
    return load(folder / "space.yaml")


def _reproduce(wanted: Wanted) -> tuple[bool, str]:
    console = Console(record=True, width=200, file=io.StringIO())
    same = reproduce(wanted, console)
    return same, console.export_text()


def test_a_real_training_is_the_same_bit_for_bit(here: Path) -> None:
    (record,) = _sweep(here, _space(here, SPEECH))
    assert record.state is TrialState.COMPLETE
    history = (here / "sweeps/speech/history.jsonl").read_bytes()
    same, said = _reproduce(Wanted("speech", 0, here / "sweeps", out=here / "again"))
    assert same, said
    assert "3 of 3 epochs the same: the same, bit for bit" in said
    assert "not as then" not in said
    assert (here / "again/artifacts/enhanced.wav").read_bytes() == (
        here / "sweeps/speech/trials/0000/artifacts/enhanced.wav"
    ).read_bytes()
    # the sweep is as it was
    assert (here / "sweeps/speech/history.jsonl").read_bytes() == history
    with pytest.raises(SweeperError, match="not empty"):
        _reproduce(Wanted("speech", 0, here / "sweeps", out=here / "again"))


def _forge(paths: SweepPaths, change: Any) -> None:
    """Rewrite the history's epochs."""
    events = [json.loads(line) for line in paths.history.read_text().splitlines()]
    for event in events:
        if event["event"] == "epoch":
            change(event)
    paths.history.write_text("".join(json.dumps(event) + "\n" for event in events))


def test_the_first_difference_is_told(here: Path) -> None:
    _sweep(here, load(toy.write_space(here, "valley", trials=1)))
    paths = SweepPaths(here / "sweeps" / "toy")

    def change(event: dict[str, Any]) -> None:
        if event["epoch"] >= 3:
            event["metrics"]["score"] *= 1 + 1e-12
        event["metrics"]["samples_per_second"] = 5.0  # that may differ

    _forge(paths, change)
    same, said = _reproduce(Wanted("toy", 0, here / "sweeps"))
    assert not same
    assert "epoch 2/4: the same" in said
    assert "epoch 3/4: 1 number not the same, most of all score" in said
    assert "1.0e-12 apart" in said
    assert "2 of 4 epochs the same: not the same" in said
    assert _reproduce(Wanted("toy", 0, here / "sweeps", epochs=2))[0]


def test_a_trial_that_diverged_does_so_again(here: Path) -> None:
    config = load(toy.write_space(here, "cliff", trials=6))
    records = _sweep(here, config)
    ended = next(r for r in records if r.state is TrialState.DIVERGED)
    same, said = _reproduce(Wanted("toy", ended.number, here / "sweeps"))
    assert same
    assert said.count("loss is nan") == 2


def test_what_is_not_there_cannot_be_reproduced(here: Path) -> None:
    _sweep(here, load(toy.write_space(here, "valley", trials=1)))
    with pytest.raises(SweepNotFound, match="no trial 7"):
        _reproduce(Wanted("toy", 7, here / "sweeps"))
    with pytest.raises(SweeperError, match="commit of its code was not recorded"):
        reproduce_with_code_of_then(Wanted("toy", 0, here / "sweeps"), Console())


def _git(folder: Path, *words: str) -> None:
    command = ["git", "-C", str(folder), "-c", "user.name=mina", "-c", "user.email=m@example.org"]
    subprocess.run([*command, *words], check=True, capture_output=True)


def test_other_code_is_noticed_and_that_of_then_can_be_had(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (here / ".gitignore").write_text("sweeps/\n__pycache__/\n")
    (here / "own.py").write_text(OWN_TASK)
    _git(here, "init", "--quiet")
    _git(here, "add", ".")
    _git(here, "commit", "--quiet", "-m", "one")
    (here / "own.py").write_text(OWN_TASK.replace("STEP = 1.0", "STEP = 2.0"))  # not committed
    config = _space(here, toy.SPACE.format(task="own:task", epochs=3, trials=1))
    (record,) = _sweep(here, config)
    assert record.session == 1
    setting = read_history(here / "sweeps/toy/history.jsonl").settings[1]
    assert "STEP = 2.0" in (here / "sweeps/toy" / setting.changes).read_text()

    (here / "own.py").write_text(OWN_TASK.replace("STEP = 1.0", "STEP = 3.0"))
    _git(here, "commit", "--quiet", "-am", "two")
    _, said = _reproduce(Wanted("toy", 0, here / "sweeps", epochs=1))
    assert "not as then: another code of own" in said
    assert f"its commit was {setting.commit[:10]} with changes" in said
    assert "--apply-diff" in said
    capfd.readouterr()
    assert reproduce_with_code_of_then(Wanted("toy", 0, here / "sweeps"), Console())
    said = capfd.readouterr().out
    assert "3 of 3 epochs the same" in said
    assert "not as then" not in said
    listed = subprocess.run(
        ["git", "-C", str(here), "worktree", "list"], capture_output=True, text=True, check=True
    )
    assert len(listed.stdout.splitlines()) == 1  # the scratch work tree is gone


def test_differences() -> None:
    then = EpochReport(1, {"score": 1.0, "lr": 0.1, "samples_per_second": 3.0}, 5.0, {1: 2.0})
    assert not differences(then, replace(then, time=9.0))
    now = replace(then, metrics={"score": 1.5, "extra": 1.0}, steps={1: 2.0, 2: 4.0})
    found = {d.name: (d.then, d.now) for d in differences(then, now)}
    assert found == {
        "score": (1.0, 1.5),
        "lr": (0.1, None),
        "extra": (None, 1.0),
        "loss of step 2": (None, 4.0),
    }
