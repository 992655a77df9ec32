"""A database that is made whole or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from mlflow import MlflowClient

from sweeper.tracker import new_database

_MAKE = "import sys; from sweeper.tracker import new_database; new_database.ensure(sys.argv[1])"


def test_a_process_killed_while_making_it_leaves_none(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    with subprocess.Popen([sys.executable, "-c", _MAKE, uri]) as process:
        while process.poll() is None and not list(tmp_path.glob(".mlflow-*/mlflow.db")):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "mlflow.db").exists()
    new_database.ensure(uri)
    assert MlflowClient(uri).search_experiments()


def test_one_that_is_there_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"somebody's")
    new_database.ensure(f"sqlite:///{path}")
    assert path.read_bytes() == b"somebody's"


def test_other_stores_are_no_concern(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    for uri in ("http://127.0.0.1:5000", "sqlite:///:memory:", "file:mlruns"):
        new_database.ensure(uri)
    assert list(tmp_path.iterdir()) == []
