"""A sweep that begins with the trials of another."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState as OptunaState

import toy
from dry_runs import check_survival, open_sweep, run_session, story
from sweeper.config import SweepConfig, load
from sweeper.errors import ConfigError, SweepNotFound
from sweeper.ledger.paths import SweepPaths
from sweeper.records import TrialState
from sweeper.summary import summarise
from sweeper.sweep.admission import admit

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

CALM = "pruner={name: none}"
SEEDED = "sampler={name: tpe, n_startup_trials: 3}"
NEW = ("name=new", "warm_start=[toy]", SEEDED)


def _config(folder: Path, *flags: str, task: str = "valley", **options: Any) -> SweepConfig:
    return load(toy.write_space(folder, task, **options), flags)


@pytest.fixture
def old(tmp_path: Path) -> list[Any]:
    """The trials of an old sweep in the same folder."""
    config = _config(tmp_path, SEEDED, "sampler.seed=1", task="cliff", trials=12)
    return run_session(tmp_path, config, origin="x")[0].history.records()


def test_the_sampler_begins_with_the_trials_of_the_other(tmp_path: Path, old: list[Any]) -> None:
    config = _config(tmp_path, *NEW, trials=1)
    with open_sweep(tmp_path, config) as ledger:
        study = ledger._study._study
        trial = study.ask()
        view = study.sampler._sampler._view
        shown = [t for t in view.get_trials(deepcopy=False) if t.number != trial.number]
        assert len(shown) == len(old)
        assert {t.state for t in shown} == {OptunaState.COMPLETE}
        assert [t.params["lr"] for t in shown] == [r.params["lr"] for r in old]
        assert trial.number == 0
        assert len(study.get_trials()) == 1
        relative = study.sampler.infer_relative_search_space(study, trial._cached_frozen_trial)
        assert relative.keys() == {"lr", "log2(batch_size)"}


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes", "qmc", "random", "nsgaii", "grid"])
def test_every_sampler_goes_on_from_there(tmp_path: Path, old: list[Any], sampler: str) -> None:
    config = _config(tmp_path, *NEW, f"sampler={{name: {sampler}}}", CALM, trials=3, epochs=1)
    records = run_session(tmp_path, config)[0].history.records()
    assert [r.number for r in records] == [0, 1, 2]


def test_the_first_proposals_are_near_the_best_of_the_other(tmp_path: Path, old: list[Any]) -> None:
    records = run_session(tmp_path, _config(tmp_path, *NEW, CALM, trials=6))[0].history.records()
    best = [1e-2 * math.sqrt(r.params["batch_size"] / 16) for r in records]
    off = [abs(math.log10(r.params["lr"] / b)) for r, b in zip(records, best, strict=True)]
    assert sorted(off)[3] < 0.6


def test_what_does_not_fit_is_left_out_and_said(tmp_path: Path, old: list[Any]) -> None:
    config = _config(tmp_path, *NEW, "search_space.lr.high=0.01", trials=1)
    with open_sweep(tmp_path, config) as ledger:
        fitting = sum(r.params["lr"] <= 0.01 for r in old)
        assert len(ledger.warm.trials) == fitting
        (said,) = ledger.warm.said
        assert said.startswith(f"{fitting} of 12 trials of toy are shown to the sampler; the")
        assert "is not in the search space: 0.0001 to 0.01" in said


def test_it_stays_when_the_other_is_gone(
    tmp_path: Path, old: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _config(tmp_path, *NEW, CALM, trials=5, epochs=2)
    folders = {}
    for name in ("whole", "gone"):
        shutil.copytree(tmp_path / "toy", tmp_path / name / "toy")
        folders[name] = tmp_path / name
    whole = run_session(folders["whole"], config)[0]
    begun = config.model_copy(update={"budget": config.budget.model_copy(update={"trials": 2})})
    run_session(folders["gone"], begun)
    shutil.rmtree(folders["gone"] / "toy")
    assert story(run_session(folders["gone"], config)[0]) == story(whole)


def test_the_same_training_is_copied_and_not_done(tmp_path: Path, old: list[Any]) -> None:
    best = next(r for r in old if r.state is TrialState.COMPLETE)
    point = ", ".join(f"{name}: {value!r}" for name, value in best.params.items())
    flags = (*NEW, f"enqueue=[{{{point}}}]")
    config = _config(tmp_path, *flags, task="cliff", trials=1)
    (record,) = run_session(tmp_path, config, origin="x")[0].history.records()
    # here it is the only one of its kind, so it counts
    assert summarise(config, [record]).region.counts.finished == 1
    assert [entry.number for entry in summarise(config, [record]).leaderboard] == [0]
    assert record.copy_of == f"toy#{best.number}"
    assert record.reason == f"same as trial toy#{best.number}: not trained again"
    assert (record.value, record.reports) == (best.value, best.reports)
    other = _config(tmp_path, *flags, "name=other", task="cliff", trials=1)
    (record,) = run_session(tmp_path, other, origin="other code")[0].history.records()
    assert record.copy_of == ""


def test_a_repeat_of_a_copy_is_a_repeat_here(tmp_path: Path, old: list[Any]) -> None:
    best = next(r for r in old if r.state is TrialState.COMPLETE)
    point = ", ".join(f"{name}: {value!r}" for name, value in best.params.items())
    twice = f"enqueue=[{{{point}}}, {{{point}}}]"
    config = _config(tmp_path, *NEW, twice, task="cliff", trials=2)
    records = run_session(tmp_path, config, origin="x")[0].history.records()
    assert [r.copy_of for r in records] == [f"toy#{best.number}", "0"]
    counts = summarise(config, records).region.counts
    assert (counts.finished, counts.copied) == (1, 1)


def test_another_objective_is_refused_and_so_is_a_sweep_that_is_not_there(
    tmp_path: Path, old: list[Any]
) -> None:
    other = _config(tmp_path, *NEW, "objective={metric: train_loss, direction: minimize}")
    with pytest.raises(ConfigError, match="toy was to maximize score, this sweep is to minimize"):
        run_session(tmp_path, other)
    with pytest.raises(SweepNotFound, match="no sweep 'nobody'"):
        run_session(tmp_path, _config(tmp_path, "name=new", "warm_start=[nobody]"))
    assert not (tmp_path / "new").exists()


def test_killed_at_any_write_it_goes_on_as_if_it_had_not_been(
    tmp_path: Path, old: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _config(tmp_path, *NEW, CALM, trials=3, epochs=1)
    sweeps = {"warm_start": (str(tmp_path / "toy"),)}
    config = config.model_copy(update=sweeps)
    (folder := tmp_path / "runs").mkdir()
    check_survival(folder, [config], monkeypatch, kills=8)


def test_what_a_killed_beginning_left_is_not_taken(tmp_path: Path, old: list[Any]) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new/warm_start.json").write_text("{}")
    config = _config(tmp_path, "name=new", SEEDED, trials=1)
    with open_sweep(tmp_path, config) as ledger:
        assert ledger.warm.trials == {}
        assert not ledger.paths.warm_start.exists()


def _shown(folder: Path, *flags: str, epochs: int) -> Any:
    config = _config(folder, *NEW, *flags, task="cliff", epochs=epochs)
    return admit(config, SweepPaths(folder / "new"), "toy.yaml").warm


def test_trials_of_fewer_epochs_are_shown_as_stopped(tmp_path: Path, old: list[Any]) -> None:
    warm = _shown(tmp_path, epochs=9)
    whole = [r for r in old if r.state is TrialState.COMPLETE]
    shown = [warm.trials[f"toy#{r.number}"] for r in whole]
    assert {r.state for r in shown} == {TrialState.PRUNED}
    assert [r.reports for r in shown] == [r.reports for r in whole]
    assert warm.said[0].endswith("; they were trained with training.epochs 4 (here 9)")


def test_trials_of_more_epochs_are_shown_up_to_the_last_one_here(
    tmp_path: Path, old: list[Any]
) -> None:
    warm = _shown(tmp_path, epochs=2)
    whole = [r for r in old if r.state is TrialState.COMPLETE]
    for record in whole:
        shown = warm.trials[f"toy#{record.number}"]
        assert (shown.state, shown.reports) == (TrialState.COMPLETE, record.reports[:2])
        assert shown.value == record.reports[1].metrics["score"]


def test_what_was_trained_otherwise_is_said(tmp_path: Path, old: list[Any]) -> None:
    warm = _shown(tmp_path, "training.momentum=0.9", "model.layers=3", epochs=4)
    assert warm.said[0].endswith(
        "; they were trained with model.layers not set (here 3), "
        "training.momentum not set (here 0.9)"
    )
    assert "trained with" not in _shown(tmp_path, "budget.trials=3", epochs=4).said[0]
