"""Who resumes a sweep and has edited its file hears of it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

import toy
from dry_runs import run_session
from sweeper.config import load
from sweeper.errors import ConfigError
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.sweep.admission import admit
from sweeper.sweep.origin_file import digest, edited
from sweeper.sweep.session import resume_sweep


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return toy.write_space(tmp_path, "valley", trials=3)


def _admitted(file: Path) -> Manifest:
    paths = SweepPaths(file.parent / "sweeps" / "toy")
    manifest = admit(load(file), paths, str(file), file=file).manifest
    paths.root.mkdir(parents=True, exist_ok=True)
    manifest.write(paths)
    return manifest


def test_an_edit_is_told_with_the_command_that_takes_it(file: Path) -> None:
    manifest = _admitted(file)
    assert edited(manifest, file.parent) == ""
    file.write_text(file.read_text().replace("epochs: 4", "epochs: 6"))
    said = edited(manifest, file.parent)
    assert said.startswith("toy.yaml has changed since")
    assert "`sweeper run toy.yaml` takes them" in said
    assert f"`sweeper run {file}`" in edited(manifest, file.parent / "elsewhere")
    assert edited(_admitted(file), file.parent) == ""  # it has been run


def test_comments_are_no_edit_and_what_is_not_known_is_not_told(file: Path) -> None:
    manifest = _admitted(file)
    file.write_text("# mine\n" + file.read_text())
    assert edited(manifest, file.parent) == ""
    file.unlink()
    assert edited(manifest, file.parent) == ""
    assert digest(file) == ""
    older = Manifest.new(manifest.config, "toy.yaml")
    assert edited(older, file.parent) == ""


def test_resume_keeps_what_is_known_of_the_file(file: Path) -> None:
    manifest = _admitted(file)
    file.write_text(file.read_text().replace("epochs: 4", "epochs: 6"))
    paths = SweepPaths(file.parent / "sweeps" / "toy")
    again = admit(load(file), paths, manifest.source).manifest
    assert (again.file, again.file_digest) == (manifest.file, manifest.file_digest)


def test_a_total_below_what_there_is_is_refused_after_the_edit_was_told(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    sweeps = file.parent / "sweeps"
    sweeps.mkdir()
    run_session(sweeps, load(file))
    _admitted(file)
    file.write_text(file.read_text().replace("epochs: 4", "epochs: 6"))
    console = Console(file=io.StringIO(), width=200)
    with pytest.raises(ConfigError, match="there are 3 trials: --trials 5 trains 2 more"):
        resume_sweep("toy", sweeps, console, trials=2)
    assert "toy.yaml has changed since" in console.file.getvalue()  # type: ignore[attr-defined]
