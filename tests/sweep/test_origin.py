"""The hash of code and data: changes with what a result depends on, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

import toy
from sweeper.config import SweepConfig, load
from sweeper.sweep.origin import origin_parts
from sweeper.tracker.identity import DatasetIdentity


@pytest.fixture
def config(tmp_path: Path) -> SweepConfig:
    return load(toy.write_space(tmp_path, "valley"))


def _origin(config: SweepConfig, folder: Path, code: str, name: str = "mine/net.py") -> str:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / "mine/__init__.py").touch()
    (folder / name).write_text(code)
    config = config.model_copy(update={"task": "mine.net:task"})
    return origin_parts(config, None, folder)


def test_the_users_package_counts_and_what_is_beside_it_does_not(
    config: SweepConfig, tmp_path: Path
) -> None:
    before = _origin(config, tmp_path, "a = 1\n")
    assert _origin(config, tmp_path, "a = 1\n") == before
    (tmp_path / "notes.md").write_text("changed")
    assert _origin(config, tmp_path, "a = 1\n") == before
    assert _origin(config, tmp_path, "a = 2\n") != before
    assert _origin(config, tmp_path, "a = 1\n") == before
    assert _origin(config, tmp_path, "b = 1\n", "mine/helper.py") != before


def test_modules_beside_a_single_module_count(config: SweepConfig, tmp_path: Path) -> None:
    (tmp_path / "solo.py").write_text("import helper\n")
    (tmp_path / "helper.py").write_text("a = 1\n")
    config = config.model_copy(update={"task": "solo:task"})
    before = origin_parts(config, None, tmp_path)
    (tmp_path / "helper.py").write_text("a = 2\n")
    assert origin_parts(config, None, tmp_path) != before


def test_the_data_counts(config: SweepConfig, tmp_path: Path) -> None:
    one, other = (DatasetIdentity("demo", mark, "built in") for mark in "ab")
    assert origin_parts(config, one, tmp_path) == origin_parts(config, one, tmp_path)
    assert origin_parts(config, one, tmp_path) != origin_parts(config, other, tmp_path)


def test_a_losss_own_module_is_found_among_the_keys(config: SweepConfig, tmp_path: Path) -> None:
    training = {"epochs": 4, "loss": {"terms:Own": {"weight": 1.0}}}
    config = config.model_copy(update={"training": training})
    (tmp_path / "terms.py").write_text("a = 1\n")
    before = origin_parts(config, None, tmp_path)
    (tmp_path / "terms.py").write_text("a = 2\n")
    assert origin_parts(config, None, tmp_path) != before
