"""What is said of a server, and the links of runs while there is one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from sweeper.ledger.files import LineLog
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.server import access
from sweeper.server.report import started_lines, status_lines, to_json
from sweeper.server.service import Sight, Standing, Started
from sweeper.tracker.links import run_url
from sweeper.tracker.place import StorePlace, locate
from sweeper.tracker.ui_record import TOKEN_VARIABLE, UiRecord
from synthetic import sweep_config

PARENT = "http://127.0.0.1:5000/#/experiments/3/runs/c0ffee?workflowType=machine_learning"


@pytest.fixture
def place(tmp_path: Path) -> StorePlace:
    return locate(None, tmp_path)


@pytest.fixture
def record(place: StorePlace) -> Iterator[UiRecord]:
    """Written down for a process that lives."""
    environment = os.environ | {TOKEN_VARIABLE: "ours"}
    with subprocess.Popen(["sleep", "600"], env=environment) as process:
        made = UiRecord(
            pid=process.pid,
            created=psutil.Process(process.pid).create_time(),
            token="ours",
            since=time.time() - 7200,
            host="127.0.0.1",
            port=5000,
            addresses=("http://127.0.0.1:5000",),
            open_to_others=False,
            auth=False,
        )
        made.write(place)
        yield made
        process.kill()


def _sweep(folder: Path, name: str, *, mirrored: bool = True) -> None:
    paths = SweepPaths(folder / "sweeps" / name)
    manifest = Manifest.new(sweep_config(trials=3).to_json(), "dprnn.yaml")
    replace(manifest, folder=str(folder)).write(paths)
    LineLog(paths.history).close()
    if mirrored:
        target = {"experiment_id": "3", "run_id": "c0ffee", "begun": 0}
        paths.mirror.write_text(json.dumps({"target": target}) + "\n")


def test_the_links_of_the_parent_runs_lead_to_the_server(
    place: StorePlace, record: UiRecord, tmp_path: Path
) -> None:
    _sweep(tmp_path, "dprnn")
    _sweep(tmp_path, "new", mirrored=False)
    said = dict(started_lines(place, Started(record, is_new=True), tmp_path / "sweeps"))
    assert said["ready"] == "http://127.0.0.1:5000"
    assert said["dprnn"] == PARENT == run_url("", "3", "c0ffee", tmp_path)
    assert "new" not in said
    assert said["open to"] == "this machine only"
    elsewhere = locate("sqlite:///other.db", tmp_path)
    assert "dprnn" not in dict(status_lines(elsewhere, Sight(Standing.NONE), tmp_path / "sweeps"))
    assert run_url("http://mars:5000/", "3", "a", tmp_path) == (
        "http://mars:5000/#/experiments/3/runs/a?workflowType=machine_learning"
    )
    assert run_url("databricks", "3", "a", tmp_path) is None


def test_a_process_of_another_life_is_no_server(place: StorePlace, record: UiRecord) -> None:
    assert record.leader is not None
    assert replace(record, token="another").leader is None


def test_status(place: StorePlace, record: UiRecord, tmp_path: Path) -> None:
    running = Sight(Standing.RUNNING, record, 3)
    said = dict(status_lines(place, running, tmp_path))
    assert said["MLflow UI"] == "running"
    assert said["since"].endswith("(2 h 00 min)")
    assert said["process"].startswith(str(record.pid))
    assert said["log"] == f"{tmp_path}/mlflow.db.ui/{socket.gethostname()}.log"
    assert json.loads(json.dumps(to_json(place, running)))["state"] == "running"
    _sweep(tmp_path, "dprnn")
    left = dict(status_lines(place, Sight(Standing.HEADLESS, record, 2), tmp_path / "sweeps"))
    assert left["process"] == f"{record.pid}, gone; 2 of its processes live on"
    assert left["was at"].startswith("http://127.0.0.1:5000, since ")
    assert not left.keys() & {"dprnn", "address", "open to"}
    for standing in (Standing.SILENT, Standing.HEADLESS, Standing.GONE):
        assert (
            "sweeper ui st" in dict(status_lines(place, Sight(standing, record), tmp_path))["next"]
        )
    assert to_json(place, Sight(Standing.NONE))["pid"] is None


def test_who_may_look(place: StorePlace, record: UiRecord, tmp_path: Path) -> None:
    opened = replace(record, host="0.0.0.0", open_to_others=True)
    sight = Sight(Standing.RUNNING, opened, 3)
    assert "WITHOUT A PASSWORD" in dict(status_lines(place, sight, tmp_path))["open to"]
    granted = access.grant(place)
    started = Started(replace(opened, auth=True), True, new_password=granted.new_password)
    lines = list(started_lines(place, started, tmp_path))
    assert f"admin, password {granted.new_password}" in dict(lines)["sign in as"]
    assert any("unencrypted" in text for _, text in lines)
    assert str(access.password_file(place)) in dict(lines)["open to"]
    access.password_file(place).unlink()
    again = dict(started_lines(place, Started(started.record, is_new=False), tmp_path))
    assert "the one that was shown" in again["open to"]
    assert "sign in as" not in again
