"""More epochs on the way: what was whole before counts as stopped early from then on."""

from __future__ import annotations

from pathlib import Path

import pytest
from optuna.trial import TrialState as OptunaState

import toy
from dry_runs import ONE, check_survival, open_sweep, run_session
from sweeper.config import SweepConfig, load
from sweeper.engine.conductor import Conductor
from sweeper.errors import ConfigError
from sweeper.ledger.history import History
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.paths import SweepPaths
from sweeper.records import EpochReport, TrialState
from sweeper.summary import summarise
from sweeper.sweep.admission import admit
from sweeper.sweep.contract import Contract
from sweeper.trial import Outcome

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

CALM = "pruner={name: none}"


def _config(folder: Path, epochs: int, trials: int, *flags: str) -> SweepConfig:
    return load(toy.write_space(folder, "valley", epochs=epochs, trials=trials), [CALM, *flags])


def _raised(folder: Path) -> tuple[SweepConfig, Ledger]:
    """Six trials of 4 epochs, then three of 12."""
    run_session(folder, _config(folder, 4, 6))
    config = _config(folder, 12, 9)
    return config, run_session(folder, config)[0]


def test_only_whole_trainings_are_finished(tmp_path: Path) -> None:
    config, ledger = _raised(tmp_path)
    counted = ledger.history.counted(12)
    assert [r.state for r in counted] == [TrialState.PRUNED] * 6 + [TrialState.COMPLETE] * 3
    assert (
        counted[0].reason == "trained 4 epochs when that was all; of 12 it counts as stopped early"
    )
    assert counted[0].reports == ledger.history.records()[0].reports
    summary = summarise(config, counted)
    assert (summary.region.counts.finished, summary.region.counts.stopped) == (3, 6)
    assert {entry.epoch for entry in summary.leaderboard} == {12}


def test_the_study_has_them_as_stopped_with_their_curves(tmp_path: Path) -> None:
    config, _ = _raised(tmp_path)
    with open_sweep(tmp_path, config) as ledger:
        trials = ledger._study._study.get_trials()
    assert [t.state for t in trials] == [OptunaState.PRUNED] * 6 + [OptunaState.COMPLETE] * 3
    assert [len(t.intermediate_values) for t in trials] == [4] * 6 + [12] * 3


def test_the_contract_says_so(tmp_path: Path) -> None:
    run_session(tmp_path, _config(tmp_path, 4, 6))
    with open_sweep(tmp_path, config := _config(tmp_path, 12, 9)) as ledger:
        contract = str(Contract.of(ledger, ()))
        assert contract == "6 done (6 of 4 epochs count as stopped early), 3 to go"
    with open_sweep(tmp_path, config) as ledger:
        assert str(Contract.of(ledger, ())) == contract


def test_without_a_trial_to_come_there_would_be_nothing_left(tmp_path: Path) -> None:
    run_session(tmp_path, _config(tmp_path, 4, 3))
    late, fine = (_config(tmp_path, 12, trials) for trials in (3, 4))
    paths = SweepPaths(tmp_path / late.name)
    with pytest.raises(ConfigError, match="would count as stopped early; raise budget"):
        admit(late, paths, "valley.yaml")
    assert not admit(fine, paths, "valley.yaml").is_new


def test_a_training_that_ended_by_itself_is_whole(tmp_path: Path) -> None:
    with open_sweep(tmp_path, _config(tmp_path, 4, 1)) as ledger:
        conductor = Conductor(ledger, ONE)
        conductor.next_trial()
        conductor.on_report(0, EpochReport(1, {"score": 1.0}, 0.0))
        conductor.on_outcome(0, Outcome(TrialState.COMPLETE, "no gain since epoch 1"))
    with open_sweep(tmp_path, _config(tmp_path, 12, 1)) as ledger:
        (record,) = ledger.history.counted(12)
        assert record.state is TrialState.COMPLETE
        assert str(Contract.of(ledger, ())) == "1 done, 0 to go"


def test_a_trial_that_had_not_ended_becomes_whole(tmp_path: Path) -> None:
    with open_sweep(tmp_path, _config(tmp_path, 4, 1)) as ledger:
        Conductor(ledger, ONE).next_trial()
        for epoch in range(1, 5):
            ledger.report(0, EpochReport(epoch, {"score": 1.0}, 0.0))
    (record,) = run_session(tmp_path, _config(tmp_path, 6, 1))[0].history.counted(6)
    assert (record.state, record.epoch, record.epochs) == (TrialState.COMPLETE, 6, 6)


def test_a_kill_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configs = [_config(tmp_path, 2, 4), _config(tmp_path, 4, 6)]
    ledger = check_survival(tmp_path, configs, monkeypatch, kills=8)
    assert [r.epoch for r in ledger.history.records()] == [2] * 4 + [4] * 2


def test_what_was_confirmed_with_fewer_epochs_is_confirmed_again(tmp_path: Path) -> None:
    point = "search_space.lr={type: categorical, choices: [1e-2]}"
    flags = [point, "search_space.batch_size.choices=[8]", "confirm={top: 1, seeds: 1}"]
    for epochs, trials in ((4, 1), (6, 2)):
        ledger, _ = run_session(tmp_path, _config(tmp_path, epochs, trials, *flags))
    assert [r.epoch for r in ledger.history.records() if r.is_confirming] == [4, 6]
    found = summarise(_config(tmp_path, 8, 3, *flags), ledger.history.counted(8)).confirmation
    assert found is None  # and not: none of its seeds has finished


def test_an_older_history_tells_the_epochs_by_what_mlflow_shows() -> None:
    start = {"event": "start", "time": 0.0, "trial": 0, "params": {}, "seed": 1, "attempt": 1}
    found = [History([{**start, "flat_params": flat}]) for flat in ({"epochs": 4}, {})]
    assert [history.records()[0].epochs for history in found] == [4, None]
