"""Sweeps with several objectives: the sampler proposes for all, the pruner judges the first."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from optuna.study import StudyDirection
from optuna.trial import TrialState as OptunaState
from rich.console import Console

import toy
from dry_runs import ONE, TWO, check_survival, open_sweep, run_session, story
from sweeper.config import SweepConfig, load
from sweeper.optuna_members import FURTHER
from sweeper.pareto import further_values, is_on_front, valued
from sweeper.records import TrialRecord, TrialState
from sweeper.sweep.preview import preview

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

SPEED = "{metric: speed, direction: maximize}"
ALSO = f"objective.also=[{SPEED}]"
THREE = f"objective.also=[{SPEED}, {{metric: memory, direction: minimize}}]"
CALM = "pruner={name: none}"
SAMPLERS = {
    "tpe": "{name: tpe, n_startup_trials: 4}",
    "gp": "{name: gp, n_startup_trials: 11}",
    "nsgaii": "{name: nsgaii, population_size: 4}",
    "qmc": "{name: qmc}",
    "random": "{name: random}",
    "grid": "{name: grid, n_points: 4}",
    "optuna.samplers:NSGAIIISampler": "{name: 'optuna.samplers:NSGAIIISampler'}",
}
HEAVY = ("gp", "nsgaii", "optuna.samplers:NSGAIIISampler")


def _config(folder: Path, *flags: str, task: str = "trade", **options: Any) -> SweepConfig:
    return load(toy.write_space(folder, task, **options), flags)


def _front(records: list[TrialRecord], config: SweepConfig) -> list[tuple[float, ...]]:
    values = [found for _, found in valued(records, config.objective)]
    on = is_on_front(values, [aim.direction for aim in config.objective.aims])
    return [found for found, stays in zip(values, on, strict=True) if stays]


@pytest.mark.parametrize("also", [ALSO, THREE], ids=["two", "three"])
@pytest.mark.parametrize(
    "sampler", [pytest.param(s, marks=pytest.mark.slow) if s == "gp" else s for s in SAMPLERS]
)
def test_every_sampler_but_cmaes_takes_several(tmp_path: Path, sampler: str, also: str) -> None:
    config = _config(tmp_path, also, f"sampler={SAMPLERS[sampler]}", trials=14)
    records = run_session(tmp_path, config, TWO)[0].history.records()
    assert len(records) == 14
    assert {r.state for r in records} > {TrialState.COMPLETE}
    assert len(_front(records, config)) >= 1


@pytest.mark.parametrize(
    "sampler",
    [s if s == "tpe" else pytest.param(s, marks=pytest.mark.slow) for s in (*HEAVY, "tpe")],
)
def test_killed_at_any_write_it_goes_on_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sampler: str
) -> None:
    flags = (ALSO, f"sampler={SAMPLERS[sampler]}")
    config = _config(tmp_path, *flags, trials=9, epochs=2)
    ledger = check_survival(tmp_path, [config], monkeypatch, kills=6)
    assert len(ledger.history) == 9


def test_the_sampler_sees_what_the_trials_gave(tmp_path: Path) -> None:
    config = _config(tmp_path, ALSO, trials=14)
    with_ledger = run_session(tmp_path, config)[0].history.records()
    with open_sweep(tmp_path, config) as ledger:
        study = ledger._study._study
        sampler = study.sampler._make(14, "")
        seen = sampler._seen(study, study.ask()._cached_frozen_trial)
        assert seen.directions == [StudyDirection.MAXIMIZE] * 2
        shown = {t.number: t for t in seen.get_trials(states=(OptunaState.COMPLETE,))}
        stored = study.get_trials()
    speeds = [s for r in with_ledger for s in further_values(r.reports, config.objective) if s]
    ways = set()
    for record in with_ledger:
        ways.add(record.state)
        first, speed = shown[record.number].values
        if record.state is TrialState.DIVERGED:
            assert speed <= min(speeds)
            assert stored[record.number].values is None
            continue
        assert [speed] == further_values(record.reports, config.objective)
        assert stored[record.number].user_attrs[FURTHER] == [speed]
        if record.state is TrialState.COMPLETE:
            assert first == record.value
    assert ways == {TrialState.COMPLETE, TrialState.PRUNED, TrialState.DIVERGED}


def test_it_proposes_for_all_objectives(tmp_path: Path) -> None:
    """The first alone wants small batches and the others large ones; all wanted: both."""
    large = {}
    for name, flags in {"one": [], "two": [ALSO]}.items():
        (tmp_path / name).mkdir()
        config = _config(tmp_path / name, *flags, CALM, trials=40, epochs=1)
        records = run_session(tmp_path / name, config)[0].history.records()[20:]
        large[name] = sum(r.params["batch_size"] == 16 for r in records)
    assert large["two"] >= 2 * large["one"] + 2


def test_early_stopping_is_that_of_the_first_alone(tmp_path: Path) -> None:
    """With the same proposals, the same trials are stopped at the same epochs."""
    stories = []
    for name, flags in {"one": [], "two": [ALSO]}.items():
        (tmp_path / name).mkdir()
        config = _config(tmp_path / name, "sampler={name: random}", *flags, trials=12)
        stories.append(story(run_session(tmp_path / name, config)[0]))
    assert stories[0] == stories[1]
    assert any(state is TrialState.PRUNED for (_, _, _, state, *_), _ in stories[0])


def test_further_values_are_those_of_the_best_epoch(tmp_path: Path) -> None:
    config = _config(tmp_path, ALSO, CALM, trials=4, epochs=3)
    for record in run_session(tmp_path, config)[0].history.records():
        if record.state is TrialState.COMPLETE:
            best = max(record.reports, key=lambda report: report.metrics["score"])
            assert further_values(record.reports, config.objective) == [best.metrics["speed"]]


def test_a_further_metric_may_be_added_on_the_way(tmp_path: Path) -> None:
    before = run_session(tmp_path, _config(tmp_path, trials=6))[0]
    ledger, _ = run_session(tmp_path, _config(tmp_path, ALSO, trials=12))
    assert ledger.history.generation == 1
    assert story(ledger)[:6] == story(before)
    with open_sweep(tmp_path, _config(tmp_path, ALSO, trials=12)) as ledger:
        stored = ledger._study._study.get_trials()
    assert all(FURTHER in t.user_attrs for t in stored if t.state is OptunaState.COMPLETE)


def test_trials_of_another_sweep_are_shown_with_all_values(tmp_path: Path) -> None:
    run_session(tmp_path, _config(tmp_path, CALM, trials=6))
    config = _config(tmp_path, ALSO, "name=next", "warm_start=[toy]", CALM, trials=6)
    ledger, _ = run_session(tmp_path, config)
    assert ledger.warm.said == ("6 of 6 trials of toy are shown to the sampler",)
    shown = ledger._study._study.sampler._make(6, "")._shown
    assert all(None not in t.user_attrs[FURTHER] for t in shown if t.intermediate_values)
    assert any(t.user_attrs[FURTHER][0] > 100 for t in shown if t.intermediate_values)


def test_trials_that_did_not_report_the_metric_are_not_shown(tmp_path: Path) -> None:
    run_session(tmp_path, _config(tmp_path, CALM, task="valley", trials=3))
    config = _config(tmp_path, ALSO, "name=next", "warm_start=[toy]", CALM, trials=3)
    said = run_session(tmp_path, config)[0].warm.said
    assert said[0].startswith(
        "0 of 3 trials of toy are shown to the sampler; the others are not: "
        "3 x speed was not reported"
    )


def test_a_task_that_does_not_report_it_is_told(tmp_path: Path) -> None:
    ledger, _ = run_session(tmp_path, _config(tmp_path, ALSO, task="valley", trials=1), ONE)
    assert "the objective 'speed' is not in the report of epoch 1" in ledger.record(0).reason


def test_a_check_says_what_is_looked_for(tmp_path: Path) -> None:
    console = Console(width=200, file=io.StringIO(), record=True)
    preview(_config(tmp_path, THREE), "toy.yaml", tmp_path, console)
    said = console.export_text()
    assert "maximize score, also maximize speed, also minimize memory" in said


def test_a_large_sweep_shows_the_front_and_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweeper.samplers.tpe._MOST", 10)
    config = _config(tmp_path, ALSO, CALM, trials=30, epochs=1)
    records = run_session(tmp_path, config)[0].history.records()
    with open_sweep(tmp_path, config) as ledger:
        study = ledger._study._study
        seen = study.sampler._make(30, "")._seen(study, study.ask()._cached_frozen_trial)
        shown = seen.get_trials(states=(OptunaState.COMPLETE,))
    assert len(shown) < 30
    assert {tuple(t.values) for t in shown} >= set(_front(records, config))
