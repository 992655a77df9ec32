"""The command on sweeps that ran, with a real tracking store."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import toy
from dry_runs import run_session
from sweeper.cli.app import app
from sweeper.config import load
from sweeper.records import TrialState


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sweeps, and no MLflow yet."""
    folder = tmp_path_factory.mktemp("compare")
    (folder / "sweeps").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, task, trials in (("a", "valley", 8), ("b", "cliff", 12)):
            config = load(toy.write_space(folder, task, trials=trials))
            run_session(folder / "sweeps", config.model_copy(update={"name": name}))
    return folder


def _run(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
    result = CliRunner().invoke(app, ["compare", "a", "b", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_table_files_and_a_run_that_stays_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = _run(folder, monkeypatch)
    said += _run(folder, monkeypatch)
    assert "best of 8" in said.replace("\n", " ")
    names = ["comparison.csv", "comparison.html", "comparison.md", "comparison.png"]
    assert sorted(path.name for path in (folder / "a-vs-b").iterdir()) == names
    table = list(csv.DictReader((folder / "a-vs-b/comparison.csv").read_text().splitlines()))
    assert {row["sweep"] for row in table} == {"a", "b"}
    assert {row["budget"] for row in table} == {"trials", "worker_seconds"}

    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name("toys")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.tags["sweeper.role"] == "comparison"
    assert run.info.status == "FINISHED"
    assert "median_best.a" in run.data.metrics
    assert run.data.tags["mlflow.note.content"].startswith("**")
    assert sorted(file.path for file in client.list_artifacts(run.info.run_id)) == names


def test_without_mlflow(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = _run(folder, monkeypatch, "--no-mlflow", "--out", "elsewhere")
    assert "in MLflow" not in said
    assert (folder / "elsewhere/comparison.png").stat().st_size > 10_000


def test_the_history_has_the_diagnosis_for_the_mirror(folder: Path) -> None:
    lines = (folder / "sweeps/b/history.jsonl").read_text().splitlines()
    ends = [event for event in map(json.loads, lines) if event["event"] == "end"]
    diverged = [event for event in ends if event["state"] == TrialState.DIVERGED]
    assert diverged
    assert {event["diagnosis"]["finding"] for event in diverged} == {"divergence"}
    complete = [event for event in ends if event["state"] == TrialState.COMPLETE]
    assert complete
    assert all(event["diagnosis"]["evidence"] for event in complete)
