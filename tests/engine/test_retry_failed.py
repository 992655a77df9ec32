"""Trials that failed for a mistake in the user's code, once that is mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState as OptunaState

import toy
from dry_runs import check_survival, open_sweep, run_session
from sweeper.config import SweepConfig, load
from sweeper.engine.conductor import Ending
from sweeper.ledger.ledger import Ledger
from sweeper.records import EpochReport, Trial, TrialState
from sweeper.sweep.contract import Contract

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

FAILED, COMPLETE = TrialState.FAILED, TrialState.COMPLETE
ALIKE = (
    "3 trials failed alike (KeyError: 'typo'): once that is mended, `sweeper resume toy "
    "--retry-failed` tries them again"
)


def _make_mistake(patch: pytest.MonkeyPatch) -> None:
    """The user's, after the second epoch of every trial."""

    def mistaken(trial: Trial, /, whole: Any = toy.valley) -> Iterator[EpochReport]:
        for report in whole(trial):
            if report.epoch > 2:
                raise KeyError("typo")
            yield report

    patch.setattr(toy, "valley", mistaken)


def _config(folder: Path, *flags: str) -> SweepConfig:
    return load(
        toy.write_space(folder, "valley", trials=5),
        ["budget.failures_in_a_row=3", "pruner={name: none}", *flags],
    )


def _given_up(folder: Path, config: SweepConfig, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    with monkeypatch.context() as patch:
        _make_mistake(patch)
        ledger, conductor = run_session(folder, config)
    assert conductor.ending is Ending.ABORTED
    return ledger


def test_failed_trials_go_on_under_their_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _config(tmp_path)
    before = _given_up(tmp_path, config, monkeypatch).history.records()
    assert [r.state for r in before] == [FAILED] * 3
    ledger, conductor = run_session(tmp_path, config, retry_failed=True)
    after = ledger.history.records()
    assert conductor.why == "all 5 trials are done"
    assert [r.state for r in after] == [COMPLETE] * 5
    assert [r.attempts for r in after] == [2, 2, 2, 1, 1]
    for old, new in zip(before, after, strict=False):
        assert (new.params, new.seed, new.reports[:2]) == (old.params, old.seed, old.reports)
        assert new.value == new.reports[-1].metrics["score"]
    with open_sweep(tmp_path, config) as ledger:
        trials = ledger._study._study.get_trials()
        assert [t.state for t in trials] == [OptunaState.COMPLETE] * 5


def test_without_the_wish_they_stay_and_the_contract_offers_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _config(tmp_path)
    _given_up(tmp_path, config, monkeypatch)
    with open_sweep(tmp_path, config) as ledger:
        assert str(Contract.of(ledger, ())).splitlines() == ["3 done, 2 to go", ALIKE]
        assert ledger.unfinished() == []
    with open_sweep(tmp_path, config, retry_failed=True) as ledger:
        contract = str(Contract.of(ledger, (), retried=3)).splitlines()
        assert contract == [
            "0 done, 3 continue after epoch 2, 2 to go",
            "3 failed trials are tried again",
        ]


def test_who_fails_again_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = _config(tmp_path)
    _given_up(tmp_path, config, monkeypatch)
    _make_mistake(monkeypatch)
    ledger, conductor = run_session(tmp_path, config, retry_failed=True)
    records = ledger.history.records()
    assert conductor.ending is Ending.ABORTED
    assert [(r.state, r.attempts, r.epoch) for r in records] == [(FAILED, 2, 2)] * 3


def test_one_outside_of_the_search_space_stays_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = "enqueue=[{batch_size: 2}, {batch_size: 16}, {batch_size: 16}]"
    _given_up(tmp_path, _config(tmp_path, point), monkeypatch)
    narrow = _config(tmp_path, "search_space.batch_size.choices=[8, 16]")
    ledger, _ = run_session(tmp_path, narrow, retry_failed=True)
    assert [r.state for r in ledger.history.records()] == [FAILED] + [COMPLETE] * 4


def test_nothing_failed_nothing_changes(tmp_path: Path) -> None:
    config = _config(tmp_path)
    run_session(tmp_path, config)
    ledger, _ = run_session(tmp_path, config, retry_failed=True)
    assert (ledger.manifest.generation, len(ledger.history)) == (0, 5)


def test_a_kill_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = _config(tmp_path, "training.epochs=3")

    def session(folder: Path, config: SweepConfig) -> Any:
        if "toy" not in [path.name for path in folder.iterdir()]:
            with monkeypatch.context() as patch:
                _make_mistake(patch)
                return run_session(folder, config)
        return run_session(folder, config, retry_failed=True)

    ledger = check_survival(tmp_path, [config, config], monkeypatch, kills=10, session=session)
    assert [r.state for r in ledger.history.records()] == [COMPLETE] * 5
