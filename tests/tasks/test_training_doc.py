"""docs/training.md: its task trains, goes on and is accepted as it stands there."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from sweeper.config import load
from sweeper.records import EpochReport, Trial
from sweeper.trial import TrialRun

_TEXT = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")


def _block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", _TEXT, re.DOTALL)
    return str(found)


def _errors(trial: Trial, epochs: int) -> list[float]:
    """Train on to the epoch; gives the errors that were reported."""
    run = TrialRun(trial)
    reports = [run.step() for _ in range(trial.reported, epochs)]
    run.close()
    assert all(isinstance(r, EpochReport) for r in reports), reports
    return [r.metrics["error"] for r in reports if isinstance(r, EpochReport)]


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trial:
    (tmp_path / "fit.py").write_text(_block("python"), encoding="utf-8")
    (tmp_path / "fit.yaml").write_text(_block("yaml"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    config = load(tmp_path / "fit.yaml")
    assert (config.task, config.objective.metric) == ("fit:task", "error")
    return Trial(
        number=0,
        params={"lr": 1e-2, "batch_size": 128},
        config={"task": config.task, "objective": {"metric": "error"}},
        seed=3,
        directory=tmp_path / "0000",
        epochs=10,
    )


def test_the_own_task_learns(trial: Trial) -> None:
    errors = _errors(trial, 10)
    assert errors[-1] < errors[0] / 5


def test_the_own_task_goes_on_and_tells_again_what_was_not_taken(trial: Trial) -> None:
    before = _errors(trial, 5)
    saved = (trial.directory / "last.ckpt").read_bytes()
    again = _errors(replace(trial, reported=3), 5)
    assert again == before[3:]
    assert (trial.directory / "last.ckpt").read_bytes() == saved
    assert _errors(replace(trial, reported=5), 10)[-1] < before[-1]


def test_the_own_task_without_its_checkpoint_begins_anew(trial: Trial) -> None:
    before = _errors(trial, 5)
    (trial.directory / "last.ckpt").unlink()
    run = TrialRun(replace(trial, reported=5))
    first = run.step()
    run.close()
    assert isinstance(first, EpochReport)
    assert (first.epoch, first.metrics["error"]) == (1, before[0])
