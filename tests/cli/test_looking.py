"""What the commands say of sweeps that stand in every way they can."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from sweeper.cli.app import app
from sweeper.errors import LedgerError, SweepNotFound
from sweeper.ledger.files import LineLog
from sweeper.ledger.lock import SweepLock
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.note import Doing, DriverNote, write_note
from sweeper.ledger.paths import SweepPaths
from sweeper.records import TrialRecord, TrialState
from synthetic import EPOCHS, START, sweep_config, trial

PARAMS = {"lr": 1e-3, "batch_size": 8}
NOTE = DriverNote(Doing.RUNNING, 2, tracking_uri="http://mars:5000")


@dataclass
class Folder:
    """Sweeps whose ledgers are written by hand."""

    root: Path

    def sweep(self, name: str, *records: TrialRecord, end: str | None = "finished") -> SweepPaths:
        paths = SweepPaths(self.root / name)
        Manifest.new(sweep_config(trials=3).to_json(), "dprnn.yaml").write(paths)
        log = LineLog(paths.history)
        log.append({"event": "session", "time": START, "session": 1})
        for record in records:
            for event in _events(record):
                log.append(event)
        if end is not None:
            why = f"{end} it is"
            log.append({"event": "session_end", "time": START + 500, "reason": end, "why": why})
        log.close()
        return paths

    def run(self, *words: str) -> Result:
        result = CliRunner().invoke(app, [*words, "--sweeps", str(self.root)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def says(self, *words: str) -> str:
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return result.output

    def json(self, *words: str) -> Any:
        return json.loads(self.says(*words, "--json"))


def _events(record: TrialRecord) -> list[dict[str, Any]]:
    about = {"trial": record.number, "params": dict(record.params), "seed": record.seed}
    found = [{"event": "start", "time": record.started, "attempt": 1, "flat_params": {}, **about}]
    found += [
        {"event": "epoch", "trial": record.number, "time": r.time, "epoch": r.epoch}
        | {"metrics": dict(r.metrics), "steps": {}}
        for r in record.reports
    ]
    ending = {"trial": record.number, "time": record.ended, "reason": record.reason}
    if record.state.ended:
        found.append({"event": "end", "state": record.state, "value": record.value, **ending})
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


FINISHED = [trial(n, PARAMS, 5.0 + n, reason="trained 12 epochs") for n in range(3)]
FAILED = trial(1, PARAMS, state=TrialState.FAILED, reason="ValueError: no such layer")
RUNNING = trial(2, PARAMS, 4.0, TrialState.RUNNING, epochs=4)


def test_an_empty_folder(folder: Folder) -> None:
    assert "no sweep in" in folder.says("list")
    assert folder.json("list") == []
    assert "no unfinished sweep" in folder.says("resume")
    with pytest.raises(SweepNotFound, match="no sweep in"):
        folder.run("status")


def test_a_misspelt_name_and_one_left_out(folder: Folder) -> None:
    folder.sweep("dprnn")
    with pytest.raises(SweepNotFound, match="did you mean 'dprnn'"):
        folder.run("status", "dprn")
    assert folder.says("status").startswith("finished")
    folder.sweep("wave_unet")
    with pytest.raises(SweepNotFound, match="say which sweep: dprnn, wave_unet"):
        folder.run("status")


def test_a_damaged_sweep_does_not_hide_the_others(folder: Folder) -> None:
    folder.sweep("dprnn", *FINISHED)
    (folder.sweep("torn").history).write_text('{"event": "flight", "time": 1}\n')
    (folder.sweep("odd").manifest).write_text('{"a": 1}')
    configless = folder.sweep("void")
    text = json.loads(configless.manifest.read_text())
    configless.manifest.write_text(json.dumps(text | {"config": {"name": "void"}}))
    said = folder.says("list")
    assert re.search(r"dprnn +finished +3/3 +7\.00 dB", said)
    assert len(re.findall(r"\w+ +damaged ", said)) == 3
    assert "written by a newer sweeper?" in " ".join(said.split())
    states = {row["name"]: row["state"] for row in folder.json("list")}
    assert states == {"dprnn": "finished", "torn": "damaged", "odd": "damaged", "void": "damaged"}
    with pytest.raises(LedgerError):
        folder.run("status", "torn")


def test_a_finished_sweep(folder: Folder) -> None:
    folder.sweep("dprnn", *FINISHED)
    said = folder.says("status")
    assert "3 of 3 trials" in said
    assert "val_si_sdr 7.00 dB  trial 2: lr 1e-3, batch_size 8" in said
    assert "done in" not in said
    assert "sweeper resume dprnn --trials 11" in said
    found = folder.json("status")
    assert (found["best"]["number"], found["counts"]["finished"]) == (2, 3)
    assert found["why"] == "finished it is"
    assert found["elapsed_seconds"] == 500
    # nothing was ever shipped: session, 3 trials with 12 epochs each, session_end
    assert found["mlflow"]["events_behind"] == 2 + 3 * (2 + EPOCHS)
    assert "sweeper sync dprnn" in found["next"]


def test_a_finished_sweep_has_the_verdict_of_its_summary_until_more_has_happened(
    folder: Folder,
) -> None:
    paths = folder.sweep("dprnn", *FINISHED)
    guess = "region  not enough evidence yet"
    assert guess in folder.says("status")
    assert (folder.json("status")["verdict"], folder.json("status")["summary"]) == ("", None)
    paths.summary.mkdir()
    told = paths.summary / "summary.json"
    told.write_text(json.dumps({"verdict": "Use [lr] 2e-3.", "more": 37, "written": START + 501}))
    said = folder.says("status")
    assert "sweeper resume dprnn --trials 37" in said
    assert "Use [lr] 2e-3." in said
    assert str(paths.summary) in said.replace("\n", "")
    assert guess not in said
    assert folder.json("status")["summary"] == str(paths.summary)
    for stale in (json.dumps({"verdict": "Use it.", "written": START + 499}), '{"verdict": "Use'):
        told.write_text(stale)
        assert guess in folder.says("status")


def test_a_running_sweep(folder: Folder) -> None:
    paths = folder.sweep("dprnn", FINISHED[0], FAILED, RUNNING, end=None)
    with SweepLock(paths.lock):
        write_note(paths, NOTE)
        said = folder.says("status")
        found = folder.json("status")
        listed = folder.says("list")
        assert "running by" in listed
        assert f"{os.getpid()}@" in listed
        said_of_trial = folder.says("show", "dprnn", "2")
        assert "no unfinished sweep" in folder.says("resume"), "it has a driver already"
    assert said.startswith(f"running, driven by process {os.getpid()} on {socket.gethostname()}")
    assert re.search(r"2 +1e-3 +8 +4/12 .*4\.00 dB", said)
    assert "trial 1 failed: ValueError: no such layer" in said
    assert "sweeper stop dprnn" in said
    assert found["driver"]["pid"] == os.getpid()
    assert [t["number"] for t in found["running"]] == [2]
    assert found["eta_seconds"] > 0
    assert "running" in said_of_trial


def test_a_running_sweep_on_another_machine_and_one_that_fell_silent(folder: Folder) -> None:
    paths = folder.sweep("dprnn", RUNNING, end=None)
    write_note(paths, NOTE)
    paths.lock.write_text(json.dumps({"host": "mars", "pid": 7, "since": START}))
    os.utime(paths.lock, (time.time(), time.time() - 20))
    assert "running, driven by process 7 on mars" in folder.says("status")
    assert "last sign of life 20 s ago" in " ".join(folder.says("status").split())
    os.utime(paths.lock, (time.time(), time.time() - 120))
    found = folder.json("status")
    assert (found["state"], found["driver"]) == ("driver lost", None)
    assert "process 7 on mars, last sign of life 2 min ago" in found["why"]
    assert found["eta_seconds"] is None
    assert "interrupted" in folder.says("show", "dprnn", "2").splitlines()[0]
    assert "sweeper resume dprnn" in folder.says("resume")


@pytest.mark.parametrize(
    ("doing", "command"),
    [(Doing.STOPPING, "cancel"), (Doing.PAUSING, "resume"), (Doing.CLOSING, "watch")],
)
def test_what_a_driver_is_at(folder: Folder, doing: Doing, command: str) -> None:
    paths = folder.sweep("dprnn", RUNNING, end=None)
    with SweepLock(paths.lock):
        write_note(paths, DriverNote(doing, 1, "by mina@mars", "Connection refused"))
        found = folder.json("status")
        assert (found["state"], found["why"]) == (str(doing), "by mina@mars")
        assert f"sweeper {command} dprnn" in found["next"]
        assert "behind: Connection refused" in folder.says("status")


def test_a_copy_that_is_behind_is_told_also_when_its_driver_has_left(folder: Folder) -> None:
    paths = folder.sweep("dprnn", *FINISHED)
    assert folder.json("status")["copy"] == {"address": None, "trouble": ""}
    assert "copy" not in folder.says("status")
    trouble = "behind since 03:12:00: connection refused"
    write_note(paths, DriverNote(Doing.CLOSING, 1, copy_trouble=trouble))
    assert folder.json("status")["copy"]["trouble"] == trouble
    assert re.search(rf"copy +{trouble}", folder.says("status"))
    assert "sweeper sync dprnn" in folder.json("status")["next"]


@pytest.mark.parametrize("address", ["sqlite:///x", "postgresql://me:hush@db.lab/sweeps"])
def test_where_no_copy_can_be(folder: Folder, address: str) -> None:
    result = folder.run("resume", "dprnn", "--ledger", address)
    assert result.exit_code == 2
    assert "hush" not in result.output


def test_show_a_trial(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = folder.sweep("dprnn", *FINISHED)
    write_note(paths, NOTE)
    (paths.trial(2) / "artifacts").mkdir(parents=True)
    (paths.trial(2) / "artifacts/best.ckpt").write_bytes(b"0" * 2_000_000)
    (paths.trial(2) / "train.log").write_text("".join(f"line {n}\n" for n in range(30)))
    mirror = {"target": {"experiment_id": "1", "run_id": "p", "begun": 0}}
    paths.mirror.write_text(f'{json.dumps(mirror)}\n{{"run": [2, "c0ffee"]}}\n{{"torn')
    said = folder.says("show", "dprnn", "2")
    assert said.startswith("trial 2 of dprnn: complete, best val_si_sdr 7.00 dB at epoch 12")
    assert "trained 12 epochs" in said
    assert "artifacts/best.ckpt (2.0 MB)" in said
    monkeypatch.setenv("COLUMNS", "40")
    address = "\nMLflow run  http://mars:5000/#/experiments/1/runs/c0ffee?"
    assert address in folder.says("show", "dprnn"), "of the best trial, and whole"
    assert re.search(r"best \(12\) +last +lowest +highest", said)
    assert re.search(r"val_si_sdr \(dB\) +▁.*█ +7\.00 +7\.00 +0\.58 +7\.00", said)
    assert "line 29" in said
    assert "line 10" not in said
    found = folder.json("show", "dprnn", "2")
    assert (found["run_id"], found["files"]) == ("c0ffee", ["artifacts/best.ckpt", "train.log"])
    with pytest.raises(SweepNotFound, match=r"no trial 7 in sweep 'dprnn' \(there: 0 to 2\)"):
        folder.run("show", "dprnn", "7")


def test_without_a_name_it_is_the_sweep_that_runs(folder: Folder) -> None:
    folder.sweep("old", *FINISHED)
    paths = folder.sweep("new", RUNNING, end=None)
    with SweepLock(paths.lock):
        assert folder.says("status").startswith("running")
    with pytest.raises(SweepNotFound, match="say which sweep: new, old"):
        folder.run("status")
    with pytest.raises(SweepNotFound, match="no trial of new has finished yet"):
        folder.run("show", "new")


def test_show_a_failed_trial_with_its_last_traceback(folder: Folder) -> None:
    paths = folder.sweep("dprnn", FINISHED[0], FAILED)
    paths.trial(1).mkdir(parents=True)
    trace = "Traceback (most recent call last):\n" + "  a line\n" * 20
    (paths.trial(1) / "train.log").write_text(f"{trace}Error: first\n{trace}ValueError: second\n")
    said = folder.says("show", "dprnn", "1")
    assert "reason" in said
    assert "ValueError: no such layer" in said
    assert said.count("Traceback (most recent call last):") == 1
    assert said.count("a line") == 20
    assert "second" in said


def test_nobody_is_there_to_be_steered(folder: Folder) -> None:
    folder.sweep("dprnn", FINISHED[0], end="stopped")
    said = folder.says("pause", "dprnn")
    assert "nothing runs: dprnn is stopped" in said
    assert "`sweeper resume dprnn` goes on" in said
    folder.sweep("done", *FINISHED)
    said = folder.says("pause", "done")
    assert "nothing runs: done is finished" in said
    assert "resume" not in said
    for command in ("stop", "cancel"):
        assert "nobody runs dprnn: it is stopped" in folder.says(command, "dprnn")
    assert "stopped" in folder.says("watch", "dprnn")


def test_a_driver_that_does_not_answer(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sweeper.sweep.steer._ANSWER_SECONDS", 0.2)
    paths = folder.sweep("dprnn", RUNNING, end=None)
    with SweepLock(paths.lock):
        write_note(paths, NOTE)
        for command in ("stop", "pause", "cancel"):
            result = folder.run(command, "dprnn")
            assert result.exit_code == 1
            assert "has not answered yet" in result.output
            assert json.loads(paths.request.read_text())["want"] == command
        assert folder.run("sync", "dprnn").exit_code == 1


def test_a_narrow_terminal_cuts_no_name(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.sweep("dprnn_with_a_long_name", *FINISHED)
    monkeypatch.setenv("COLUMNS", "60")
    listed = folder.says("list").splitlines()
    assert all(len(line) <= 60 for line in listed)
    assert "".join(line[:10].strip() for line in listed[2:]).startswith("dprnn_with")
    for word in ("finished", "3/3", "7.00 dB"):
        assert word in "\n".join(listed)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "dprnn", "--format", "xls"], ": 'xls' is not one of 'csv', 'json', 'parquet'"),
        (["resume", "dprnn", "--trials", "3.5"], "'--trials': must be a whole number"),
        (["ui", "logs", "-n", "-3"], "'--lines': must be greater than or equal to 0"),
        (["ui", "-h"], "-h, --help"),
        (["show", "-h"], "-h, --help"),
    ],
)
def test_what_an_argument_must_be_is_said_in_plain_words(words: list[str], said: str) -> None:
    output = CliRunner().invoke(app, words).output
    assert said in output
    assert "Value error" not in output


@pytest.mark.parametrize(("encoding", "shown"), [("cp949", "기준선"), ("ascii", "???")])
def test_a_terminal_whose_encoding_lacks_letters(folder: Folder, encoding: str, shown: str) -> None:
    """Korea's own encoding has no blocks for curves, and ASCII no Korean either."""
    paths = folder.sweep("dprnn", *FINISHED)
    manifest = json.loads(paths.manifest.read_text())
    manifest["config"]["experiment"] = "기준선"
    paths.manifest.write_text(json.dumps(manifest))

    def said(*words: str) -> str:
        command = [sys.executable, "-m", "sweeper", *words, "--sweeps", str(folder.root)]
        environment = os.environ | {"PYTHONIOENCODING": encoding}
        found = subprocess.run(command, env=environment, capture_output=True, check=True)
        return found.stdout.decode(encoding)

    assert said("list").split()[-1] == shown
    assert ".::-==++*##@" in said("show", "dprnn", "1")
