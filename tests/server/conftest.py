"""The real program in a folder with a store, as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from server import wait_until
from sweeper.server.processes import members
from sweeper.tracker import new_database
from sweeper.tracker.place import StorePlace, locate
from sweeper.tracker.ui_record import UiRecord, read_record

_PATIENCE = 200.0


@dataclass
class Site:
    """A project's folder with an MLflow store, and the servers that were started in it."""

    folder: Path
    seen: list[UiRecord] = field(default_factory=list)

    @property
    def place(self) -> StorePlace:
        return locate(None, self.folder)

    @property
    def record(self) -> UiRecord:
        found = read_record(self.place)
        assert found is not None
        return found

    def begin(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
        return subprocess.Popen(
            [sys.executable, "-m", "sweeper", "ui", *words],
            cwd=self.folder,
            env=environment,
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | options,
        )

    def run(self, *words: str) -> tuple[int, str]:
        """Run `sweeper ui ...` to its end: exit code, and what it said in one line."""
        process = self.begin(*words)
        said, _ = process.communicate(timeout=_PATIENCE)
        self.note()
        return process.returncode, " ".join(said.split())

    def says(self, *words: str) -> str:
        code, said = self.run(*words)
        assert code == 0, said
        return said

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("status", "--json")[1])
        return found

    def note(self) -> None:
        """Remember the server that is there, to be ended whatever becomes of its record."""
        if (record := read_record(self.place)) is not None:
            self.seen.append(record)

    def processes(self) -> list[psutil.Process]:
        return [process for record in self.seen for process in members(record)]

    def close(self) -> None:
        self.note()
        for process in self.processes():
            process.kill()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    new_database.ensure(f"sqlite:///{path}")
    return path


@pytest.fixture
def site(tmp_path: Path, empty_store: Path) -> Iterator[Site]:
    # a name that needs care wherever it becomes part of a URI
    made = Site(tmp_path / "한 글 50%")
    made.folder.mkdir()
    shutil.copy(empty_store, made.folder)
    yield made
    made.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    return wait_until
