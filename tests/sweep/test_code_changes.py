"""Trials of one sweep that were trained with different code are not counted together in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

import toy
from dry_runs import open_sweep, run_session
from sweeper.config import SweepConfig, load
from sweeper.engine.resources import plan_slots
from sweeper.ledger.history import read_history
from sweeper.ledger.paths import SweepPaths
from sweeper.ledger.setting import Setting
from sweeper.summary import summarise
from sweeper.sweep.code_changes import changes_of
from sweeper.sweep.contract import Contract
from sweeper.sweep.setting import look_around

OWN = "from toy import valley as task\n"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SweepConfig:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "edited_task.py").write_text(OWN)
    text = toy.SPACE.format(task="edited_task:task", epochs=3, trials=2)
    (tmp_path / "toy.yaml").write_text(text)
    return load(tmp_path / "toy.yaml")


def _more(config: SweepConfig, trials: int) -> SweepConfig:
    budget = config.budget.model_copy(update={"trials": trials})
    return config.model_copy(update={"budget": budget})


def _setting(config: SweepConfig, folder: Path) -> Setting:
    return look_around(config, None, folder, plan_slots(config.resources)).setting


def _contract(folder: Path, config: SweepConfig) -> str:
    with open_sweep(folder, config, setting=_setting(config, folder)) as ledger:
        return str(Contract.of(ledger, ()))


def _warnings(folder: Path, config: SweepConfig) -> list[str]:
    history = read_history(SweepPaths(folder / "toy").history)
    summary = summarise(config, history.records(), remarks=changes_of(history))
    return [text for text in summary.warnings if "counted together" in text]


def test_edited_code_is_named_before_the_session_and_in_the_summary(
    config: SweepConfig, tmp_path: Path
) -> None:
    run_session(tmp_path, config, setting=_setting(config, tmp_path))
    config = _more(config, 4)
    assert _contract(tmp_path, config) == "2 done, 2 to go"
    (tmp_path / "edited_task.py").write_text(f"{OWN}# better\n")
    (tmp_path / "helper.py").touch()
    changed = "another code of edited_task (edited_task.py, helper.py)"
    assert _contract(tmp_path, config).splitlines()[1:] == [
        f"since its last trials: {changed}; trials before and after are counted together"
    ]
    assert _warnings(tmp_path, config) == []  # nothing was trained with it yet
    run_session(tmp_path, config, setting=_setting(config, tmp_path))
    assert _warnings(tmp_path, config) == [
        f"From trial 2 on there was {changed}: trials before and after are counted together."
    ]
    assert _contract(tmp_path, config) == "4 done, 0 to go"
    (tmp_path / "helper.py").write_text("# more\n")
    run_session(tmp_path, config := _more(config, 6), setting=_setting(config, tmp_path))
    last, before = _warnings(tmp_path, config)
    assert last.startswith("From trial 4 on there was another code of edited_task (helper.py)")
    assert before == "Trials before and after 1 earlier change are counted together, too."


def test_the_commits_are_told_where_they_are_known(config: SweepConfig, tmp_path: Path) -> None:
    for trials, code in ((2, "a"), (4, "b")):
        setting = Setting({"code of net": code * 64}, commit=code * 40, changes="code/1.diff")
        run_session(tmp_path, _more(config, trials), setting=setting)
    (said,) = _warnings(tmp_path, config)
    assert "(commit aaaaaaaaaa with code/1.diff -> commit bbbbbbbbbb with code/1.diff)" in said


def test_nothing_is_said_of_a_session_that_trained_nothing_and_of_old_histories(
    config: SweepConfig, tmp_path: Path
) -> None:
    run_session(tmp_path, config, setting=Setting({"torch": "2.10"}))
    run_session(tmp_path, config, setting=Setting({"torch": "2.11"}))
    assert _warnings(tmp_path, config) == []
    run_session(tmp_path, _more(config, 3), setting=Setting({"torch": "2.11"}))
    (said,) = _warnings(tmp_path, config)
    assert "From trial 2 on there was torch 2.10 -> 2.11:" in said
