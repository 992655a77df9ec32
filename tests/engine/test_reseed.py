"""A search space, sampler or pruner that changes on the way: a new study with the old trials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState as OptunaState

import toy
from dry_runs import ONE, check_survival, open_sweep, run_session, story
from sweeper.config import SweepConfig, load
from sweeper.engine.conductor import Conductor
from sweeper.records import EpochReport, Trial, TrialState
from sweeper.summary import summarise, write

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

SAMPLERS = {
    "tpe": "{name: tpe, n_startup_trials: 3}",
    "gp": "{name: gp, n_startup_trials: 3}",
    "cmaes": "{name: cmaes}",
    "qmc": "{name: qmc}",
    "random": "{name: random}",
    "nsgaii": "{name: nsgaii, population_size: 2}",
}
NARROW = "search_space.lr.high=0.02"
WIDE = "search_space.lr.high=1.0"
FEWER = "search_space.batch_size.choices=[4, 8]"
LAYERS = "search_space.model.layers={type: int, low: 1, high: 3}"
CALM = "pruner={name: none}"


def _config(folder: Path, *flags: str, task: str = "valley", **options: Any) -> SweepConfig:
    return load(toy.write_space(folder, task, **options), flags)


def _study(folder: Path, config: SweepConfig) -> list[Any]:
    with open_sweep(folder, config) as ledger:
        return list(ledger._study._study.get_trials())


def test_old_trials_keep_number_result_and_story(tmp_path: Path) -> None:
    old = _config(tmp_path, trials=8)
    before = run_session(tmp_path, old)[0]
    ledger, _ = run_session(tmp_path, _config(tmp_path, NARROW, FEWER, trials=12))
    assert story(ledger)[:8] == story(before)
    for record in ledger.history.records()[8:]:
        assert record.params["lr"] <= 0.02
        assert record.params["batch_size"] in (4, 8)
    assert len(ledger.history) == 12


def test_the_new_study_has_the_old_trials_where_they_fit(tmp_path: Path) -> None:
    run_session(tmp_path, _config(tmp_path, trials=8))
    old_journal = (tmp_path / "toy/study.journal").read_bytes()
    config = _config(tmp_path, NARROW, FEWER, trials=8)
    records = run_session(tmp_path, config)[0].history.records()
    trials = _study(tmp_path, config)
    states = {TrialState.COMPLETE: OptunaState.COMPLETE, TrialState.PRUNED: OptunaState.PRUNED}
    fitting = 0
    for record, trial in zip(records, trials, strict=True):
        fits = record.params["lr"] <= 0.02 and record.params["batch_size"] in (4, 8)
        fitting += fits
        if not fits:
            assert (trial.state, trial.params) == (OptunaState.FAIL, {})
            continue
        assert trial.state is states[record.state]
        assert trial.params["lr"] == record.params["lr"]
        assert trial.distributions["lr"].high == 0.02
        assert trial.intermediate_values == {e.epoch: e.metrics["score"] for e in record.reports}
    assert 0 < fitting < 8
    assert (tmp_path / "toy/study.journal").read_bytes() == old_journal
    assert json.loads((tmp_path / "toy/manifest.json").read_text())["generation"] == 1


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_samplers_model_all_parameters_of_the_new_space(tmp_path: Path, sampler: str) -> None:
    """And what was outside of it does not lead them astray."""
    name = f"sampler={SAMPLERS[sampler]}"
    run_session(tmp_path, _config(tmp_path, name, CALM, trials=12, epochs=2))
    config = _config(tmp_path, name, CALM, NARROW, trials=16, epochs=2)
    with open_sweep(tmp_path, config) as ledger:
        study = ledger._study._study
        trial = study.ask()
        searched = study.sampler.infer_relative_search_space(study, trial._cached_frozen_trial)
        if sampler not in ("random",):
            assert searched["lr"].high == 0.02
            assert "log2(batch_size)" in searched
        study.tell(trial, state=OptunaState.FAIL)


@pytest.mark.parametrize(
    "sampler",
    [s if s == "tpe" else pytest.param(s, marks=pytest.mark.slow) for s in SAMPLERS],
)
def test_killed_at_any_write_it_goes_on_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sampler: str
) -> None:
    name = f"sampler={SAMPLERS[sampler]}"
    small = "search_space.lr={type: categorical, choices: [1e-3, 1e-2, 1e-1]}"
    configs = [
        _config(tmp_path, name, small, FEWER, trials=4, epochs=2),
        _config(tmp_path, name, small, trials=8, epochs=2),
    ]
    ledger = check_survival(tmp_path, configs, monkeypatch, kills=5)
    assert len(ledger.history) == 8
    assert ledger.history.generation == 1


@pytest.mark.slow
def test_killed_while_the_new_study_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nearly all of its writes are those of the new study."""
    configs = [
        _config(tmp_path, "sampler={name: random}", CALM, trials=3, epochs=1),
        _config(tmp_path, "sampler={name: random}", CALM, NARROW, LAYERS, trials=3, epochs=1),
        _config(tmp_path, "sampler={name: random}", CALM, WIDE, LAYERS, trials=3, epochs=1),
    ]
    ledger = check_survival(tmp_path, configs, monkeypatch, kills=30)
    assert ledger.history.generation == 2


def test_unfinished_trials_inside_go_on_and_those_outside_are_stopped(tmp_path: Path) -> None:
    points = "enqueue=[{lr: 0.01, batch_size: 8}, {lr: 0.09, batch_size: 8}]"
    for number in range(2):
        with open_sweep(tmp_path, _config(tmp_path, points, trials=4)) as ledger:
            conductor = Conductor(ledger, ONE)
            if number == 1:
                conductor._waiting.clear()
            assert isinstance(conductor.next_trial(), Trial)
            conductor.on_report(number, EpochReport(1, {"score": 1.0 + number}, 0.0))
            (ledger.paths.trial(number)).mkdir(parents=True, exist_ok=True)
            (ledger.paths.trial(number) / "last.ckpt").touch()
    ledger, _ = run_session(tmp_path, _config(tmp_path, NARROW, trials=4))
    inside, outside = ledger.history.records()[:2]
    assert (inside.state, inside.epoch, inside.attempts) == (TrialState.COMPLETE, 4, 2)
    assert (outside.state, outside.value, outside.epoch) == (TrialState.PRUNED, 2.0, 1)
    assert outside.reason == (
        "stopped, the search space has changed: lr 0.09 is not in the search space: 0.0001 to 0.02"
    )
    assert not list(ledger.paths.trial(1).glob("*.ckpt"))
    assert len(ledger.history) == 4


def test_a_parameter_that_is_new_has_its_old_value_in_old_trials(tmp_path: Path) -> None:
    model = "model={layers: 2}"
    run_session(tmp_path, _config(tmp_path, model, CALM, trials=3))
    ledger, _ = run_session(tmp_path, _config(tmp_path, LAYERS, CALM, trials=6))
    layers = [r.params["model.layers"] for r in ledger.history.records()]
    assert layers[:3] == [2, 2, 2]
    trials = _study(tmp_path, _config(tmp_path, LAYERS, CALM, trials=6))
    assert [t.params["model.layers"] for t in trials] == layers
    # and the other way: those with another value than the one that stays are left aside
    back = _config(tmp_path, model, CALM, trials=6)
    ledger, _ = run_session(tmp_path, back)
    assert ledger.history.generation == 2
    states = [t.state for t in _study(tmp_path, back)]
    assert states == [
        OptunaState.COMPLETE if number == 2 else OptunaState.FAIL for number in layers
    ]


def test_a_changed_pruner_judges_from_here_on_and_may_train_again(tmp_path: Path) -> None:
    bad = "{lr: 1e-4, batch_size: 8}"
    points = f"[{{lr: 1e-2}}, {{lr: 1e-2}}, {bad}"
    records = run_session(tmp_path, _config(tmp_path, f"enqueue={points}]", trials=3))[0]
    assert records.record(2).state is TrialState.PRUNED
    config = _config(tmp_path, f"enqueue={points}, {bad}]", CALM, trials=4)
    again = run_session(tmp_path, config)[0].history.records()
    # the point has a trial already, so the enqueued one is not asked for again
    assert again[2].state is TrialState.PRUNED
    assert again[3].state is TrialState.COMPLETE


def test_points_that_have_a_trial_are_not_enqueued_again(tmp_path: Path) -> None:
    old = "enqueue=[{lr: 0.01, batch_size: 8}, {lr: 0.09, batch_size: 8}, {lr: 0.005}]"
    run_session(tmp_path, _config(tmp_path, old, CALM, trials=3).model_copy(), ONE)
    new = "enqueue=[{lr: 0.01, batch_size: 8}, {lr: 0.002, batch_size: 4}]"
    records = run_session(tmp_path, _config(tmp_path, new, NARROW, CALM, trials=4))[0].history
    assert records.records()[3].params == {"lr": 0.002, "batch_size": 4}


def test_the_summary_copes_with_trials_outside_of_the_space(tmp_path: Path) -> None:
    encoder = "search_space.model.encoder={type: categorical, choices: [learned, stft, other]}"
    run_session(tmp_path, _config(tmp_path, encoder, CALM, trials=8))
    config = _config(tmp_path, encoder.replace(", other", ""), NARROW, FEWER, CALM, trials=16)
    ledger, _ = run_session(tmp_path, config)
    records = ledger.history.records()
    summary = summarise(config, records)
    assert summary.region.counts.ended == 16
    assert len(summary.leaderboard) == 10
    assert summary.region.best is not None
    assert summary.region.best.params["lr"] <= 0.02
    assert {row.batch_sizes for row in summary.region.rows} == {(4,), (8,)}
    written = write(summary, config, records, tmp_path / "summary")
    assert {p.name for p in written} >= {"contour.png", "slice.png", "parallel_coordinates.png"}
