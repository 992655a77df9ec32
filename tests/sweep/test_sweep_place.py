"""A project whose folder has got another name since its sweep began."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import toy
from sweeper.config import load
from sweeper.errors import LedgerError
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.sweep.preview import preview
from sweeper.sweep.session import resume_sweep, run_sweep
from sweeper.sweep.tidy import sync
from sweeper.terminal import terminal


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder's old place."""
    (old := tmp_path / "old one").mkdir()
    toy.write_space(old, "valley", trials=2)
    monkeypatch.chdir(old)
    monkeypatch.syspath_prepend(str(Path(toy.__file__).parent))
    paths = SweepPaths(old / "sweeps/toy")
    paths.root.mkdir(parents=True)
    Manifest.new(load(Path("toy.yaml"), []).to_json(), "toy.yaml").write(paths)
    monkeypatch.chdir(old.rename(tmp_path / "new"))
    return old


def _run() -> None:
    run_sweep(load(Path("toy.yaml"), []), "toy.yaml", Path("sweeps"), terminal())


def _preview() -> None:
    preview(load(Path("toy.yaml"), []), "toy.yaml", Path("sweeps"), terminal())


def _resume() -> None:
    resume_sweep("toy", Path("sweeps"), terminal())


def _sync() -> None:
    sync(SweepPaths.existing("toy"), terminal())


@pytest.mark.parametrize("command", [_run, _preview, _resume, _sync])
def test_nothing_goes_on_and_nothing_is_made_at_the_old_place(
    moved: Path, command: Callable[[], None]
) -> None:
    with pytest.raises(LedgerError, match=rf"`ln -s NEW_PLACE '{moved}'`"):
        command()
    assert not moved.exists()


def test_a_sweep_goes_on_where_it_began(moved: Path, tmp_path: Path) -> None:
    moved.symlink_to(tmp_path / "new")
    _preview()
    assert Path.cwd() == tmp_path / "new"
