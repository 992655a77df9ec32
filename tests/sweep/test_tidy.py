"""`sweeper sync` of a sweep that MLflow has already."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import toy
from server import free_port
from sweeper.config import load
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.sweep.tidy import sync
from sweeper.terminal import terminal


def test_nothing_to_ship_and_nobody_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.write_space(tmp_path, "valley", trials=2)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(Path(toy.__file__).parent))
    paths = SweepPaths(tmp_path / "sweeps/toy")
    paths.root.mkdir(parents=True)
    Manifest.new(load(Path("toy.yaml"), []).to_json(), "toy.yaml").write(paths)
    said = io.StringIO()
    assert not sync(paths, terminal(said), f"http://127.0.0.1:{free_port()}")
    assert "Connection refused" in said.getvalue()
    assert "nothing is left to ship" in said.getvalue()
    assert "lacks" not in said.getvalue()
