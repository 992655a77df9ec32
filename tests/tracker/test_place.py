"""Stores are found as MLflow finds them, which takes seconds to ask."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest
from mlflow.utils.file_utils import local_file_uri_to_path
from sqlalchemy.engine import make_url

from sweeper.errors import TrackingError
from sweeper.tracker import new_database
from sweeper.tracker.place import locate, refuse_impossible, sqlite_file, sqlite_uri
from sweeper.tracker.store import Store

ODD = "한 글 50%"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / ODD
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return folder


def _file(uri: str) -> Path:
    return Path(make_url(uri).database or "")


def test_the_default_is_mlflows(project: Path) -> None:
    found = locate(None, project)
    assert found.path == project / "mlflow.db"
    assert _file(found.uri) == _file(mlflow.get_tracking_uri()) == found.path
    (project / "mlruns/models").mkdir(parents=True)
    (project / "mlruns/models/meta.yaml").touch()
    assert locate("", project) == found == locate(mlflow.get_tracking_uri(), project)


def test_the_default_of_a_folder_that_has_an_old_store(project: Path) -> None:
    (project / "mlruns/0").mkdir(parents=True)
    (project / "mlruns/0/meta.yaml").touch()
    found = locate(None, project)
    assert found.path == project / "mlruns"
    assert local_file_uri_to_path(mlflow.get_tracking_uri()) == str(found.path)
    assert locate("mlruns", project) == locate("file:mlruns", project) == found
    assert found.state == project / "mlruns.ui"


@pytest.mark.parametrize("uri", ["sqlite:///a.db", "sqlite:////tmp/%ED%95%9C%20a.db?timeout=5"])
def test_the_file_of_a_uri_is_sqlalchemys(uri: str) -> None:
    assert str(sqlite_file(uri)) == make_url(uri).database


def test_relative_paths_begin_in_the_given_folder() -> None:
    folder = Path("/some") / ODD
    found = locate("sqlite:///sub/a.db?timeout=5", folder)
    assert (found.path, found.folder) == (folder / "sub/a.db", folder / "sub")
    assert make_url(found.uri).database == str(folder / "sub/a.db")
    assert found.uri.endswith("a.db?timeout=5")
    assert found.state == folder / "sub/a.db.ui"


def test_servers() -> None:
    assert locate("https://mars:5000", Path("/")).is_remote
    database = locate("postgresql://user:pw@mars/mlflow", Path("/project"))
    assert (database.is_remote, database.path) == (False, None)
    other = locate("postgresql://user:pw@mars/other", Path("/project"))
    assert database.state.parent == other.state.parent == Path("/project")
    assert database.state != other.state


def test_a_new_store_is_made_in_its_folder_and_no_other_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "한 글"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    Store.connect(None).experiment("baseline_verification")
    assert list(tmp_path.iterdir()) == [folder]
    assert list(folder.iterdir()) == [folder / "mlflow.db"]


def test_a_name_that_looks_escaped(project: Path) -> None:
    file = project / "a%20b?.db"
    new_database.ensure(sqlite_uri(file))
    assert file.exists()
    assert _file(sqlite_uri(file)) == sqlite_file(sqlite_uri(file)) == file


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "runs/of/mine",
        "sqlite:///new/folder/a.db",
        "http://127.0.0.1:1",
        "postgresql+psycopg2://u:p@nohost/db",
        "databricks",
    ],
)
def test_a_store_that_there_can_be(uri: str | None, tmp_path: Path) -> None:
    refuse_impossible(uri, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("uri", ["htp://u:secret@x", "postgres://u:secret@nohost/db"])
def test_a_scheme_that_nobody_knows(uri: str) -> None:
    with pytest.raises(TrackingError, match="MLflow knows no tracking URI") as raised:
        refuse_impossible(uri, Path("/"))
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("uri", ["http://u:secret@[::1", f"sqlite:///{'secret' * 500}.db"])
def test_what_is_no_address_at_all(uri: str, tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="cannot be understood"):
        refuse_impossible(uri, tmp_path)


def test_a_server_without_its_scheme_is_no_folder(tmp_path: Path) -> None:
    uri = "127.0.0.1:5000"
    with pytest.raises(TrackingError, match="write http:// before it"):
        refuse_impossible(uri, tmp_path)
    (tmp_path / uri).mkdir()
    refuse_impossible(uri, tmp_path)


@pytest.mark.parametrize("uri", [None, "sqlite:///deep/a.db", "runs"])
def test_a_folder_that_cannot_be_made(uri: str | None, tmp_path: Path) -> None:
    (file := tmp_path / "file").touch()
    with pytest.raises(TrackingError, match="is not a folder that can be written"):
        refuse_impossible(uri, file)
