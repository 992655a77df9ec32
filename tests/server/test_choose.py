"""Whose UI it is: the store of the sweeps, or the one that is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sweeper.cli.app import app
from sweeper.errors import ServerError
from sweeper.ledger.files import LineLog
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.note import Doing, DriverNote, write_note
from sweeper.ledger.paths import SweepPaths
from sweeper.server.choose import choose
from sweeper.tracker.place import locate
from synthetic import sweep_config


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def _sweep(project: Path, name: str, uri: str | None = None) -> SweepPaths:
    paths = SweepPaths(project / "sweeps" / name)
    Manifest.new(sweep_config(trials=3).to_json(), "dprnn.yaml").write(paths)
    LineLog(paths.history).close()
    if uri is not None:
        write_note(paths, DriverNote(Doing.CLOSING, 1, tracking_uri=uri))
    return paths


def test_without_sweeps_it_is_the_default_here(project: Path) -> None:
    assert choose(Path("sweeps")) == locate(None, project)


def test_the_store_of_the_sweeps_from_wherever_it_is_asked(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sweep(project, "a")
    _sweep(project, "b", uri="")
    _sweep(project, "c", uri="sqlite:///mlflow.db")
    (_sweep(project, "damaged").manifest).write_text("{")
    monkeypatch.chdir("/")
    assert choose(project / "sweeps") == locate(None, project)


def test_several_stores_are_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _sweep(project, "a")
    _sweep(project, "b", uri="http://mars:5000")
    with pytest.raises(ServerError, match=r"2 MLflow stores; .*http://mars:5000, sqlite:///"):
        choose(Path("sweeps"))
    assert choose(Path("sweeps"), "sqlite:///mlflow.db") == locate(None, project)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://venus:5000")
    assert choose(Path("sweeps")).uri == "http://venus:5000"


def test_a_project_that_was_moved(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "old").mkdir()
    monkeypatch.chdir(project / "old")
    _sweep(project, "a")
    monkeypatch.chdir(project)
    (project / "old").rename(project / "new")
    with pytest.raises(ServerError, match=r"is not there any more.* say with --tracking-uri"):
        choose(Path("sweeps"))


def test_a_tracking_server_has_its_own(project: Path) -> None:
    _sweep(project, "a", uri="http://mars:5000")
    with pytest.raises(ServerError, match=r"server http://mars:5000, which has the UI itself"):
        CliRunner().invoke(app, ["ui", "start"], catch_exceptions=False)
    assert not list(project.rglob("*.ui"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ui", "--port", "7", "start"], "put the options behind `start`"),
        (["ui", "start", "--port", "many"], "a number from 1 to 65535"),
        (["ui", "start", "--port", "0"], "a number from 1 to 65535"),
    ],
)
def test_a_mistyped_command(project: Path, words: list[str], said: str) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", "").split())
