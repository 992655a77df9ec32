"""What every pruner of the family must do; a new member is covered by its file being there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from kills import survive
from sweeper import families
from sweeper.pruners._build import build
from sweeper.records import TrialState
from sweeper.tell import report, tell

NAMES = families.member_names("pruners")
OPTIONS: dict[str, dict[str, Any]] = {
    "threshold": {"lower": 2.0},
    "patient": {"wrapped": {"name": "median", "n_startup_trials": 2}, "patience": 1},
    "median": {"n_startup_trials": 2},
    "percentile": {"n_startup_trials": 2},
}
EPOCHS = 9
Sweep = Callable[..., list[int]]
QUALITIES = [6, 8, 3, 9, 1, 7, 2, 10, 4, 5, 1, 12, 3, 8]


def curve(quality: int, epoch: int) -> float:
    """Rises for good trials; for bad ones it falls after the second epoch."""
    return quality * epoch**0.5 if quality > 4 or epoch < 3 else quality / epoch


@dataclass
class SideBySide:
    """Trains two trials at a time, epoch by epoch; gives the epoch at which each ended.

    ``killed``: the driver is killed at each write of each report, and of each ending.
    """

    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def __call__(
        self,
        name: str,
        options: dict[str, Any],
        *,
        killed: bool = False,
        direction: str = "maximize",
        qualities: list[int] = QUALITIES,
    ) -> list[int]:
        self._killed = killed
        self._sign = 1 if direction == "maximize" else -1
        self._open = lambda: optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(self.folder / f"{direction}-{killed}"))),
            study_name="toy",
            direction=direction,
            pruner=build(name, options, EPOCHS),
            load_if_exists=True,
        )
        self._study = self._open()
        ended: list[int] = []
        for first in range(0, len(qualities), 2):
            ended += self._train(qualities[first : first + 2])
        return ended

    def _train(self, qualities: Sequence[int]) -> list[int]:
        ended = {self._study.ask().number: EPOCHS for _ in qualities}
        for epoch in range(1, EPOCHS + 1):
            for number, quality in zip(ended, qualities, strict=True):
                if ended[number] >= epoch and self._report(number, epoch, quality):
                    ended[number] = epoch
        return list(ended.values())

    def _report(self, number: int, epoch: int, quality: int) -> bool:
        value = self._sign * curve(quality, epoch)
        stop = self._steady(lambda study: report(study, number, epoch, value))
        if stop:
            self._steady(lambda study: tell(study, number, TrialState.PRUNED))
        elif epoch == EPOCHS:
            best = self._sign * max(curve(quality, e) for e in range(1, EPOCHS + 1))
            self._steady(lambda study: tell(study, number, TrialState.COMPLETE, best))
        return bool(stop)

    def _steady(self, action: Callable[[optuna.Study], Any]) -> Any:
        if self._killed:
            return survive(self.monkeypatch, lambda: action(self._open()))
        return action(self._study)


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SideBySide:
    # hundreds of flushes take long on some disks; no test here loses power
    monkeypatch.setattr(os, "fsync", lambda _: None)
    return SideBySide(tmp_path, monkeypatch)


def test_the_family_is_complete() -> None:
    assert {"hyperband", "median", "none", "patient", "percentile"} <= set(NAMES)
    assert {"successive_halving", "threshold", "wilcoxon"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_described_and_has_a_default(name: str) -> None:
    fields = families.options(families.load("pruners", name)).model_fields
    assert all(field.description and not field.is_required() for field in fields.values())


@pytest.mark.parametrize("name", NAMES)
def test_decisions_survive_a_kill_at_any_write(name: str, sweep: Sweep) -> None:
    options = OPTIONS.get(name, {})
    assert sweep(name, options, killed=True) == sweep(name, options)


@pytest.mark.parametrize("name", sorted({*NAMES} - {"none"}))
def test_bad_trials_end_early_and_the_best_never(name: str, sweep: Sweep) -> None:
    ended = sweep(name, OPTIONS.get(name, {}))
    assert ended[QUALITIES.index(12)] == ended[QUALITIES.index(10)] == EPOCHS
    assert min(ended) < EPOCHS
    assert min(ended[i] for i, quality in enumerate(QUALITIES) if quality < 3) < EPOCHS


@pytest.mark.parametrize("name", sorted({*NAMES} - {"threshold"}))
def test_both_directions_are_alike(name: str, sweep: Sweep) -> None:
    options = OPTIONS.get(name, {})
    assert sweep(name, options, direction="minimize") == sweep(name, options)


def test_none_ends_nothing(sweep: Sweep) -> None:
    assert set(sweep("none", {})) == {EPOCHS}


def test_hyperband_gives_some_trials_more_time(sweep: Sweep) -> None:
    # each trial is worse than all before; at the last epoch there is nothing left to save
    ended = sweep("hyperband", {}, qualities=[*range(60, 0, -1)])
    assert set(ended) == {1, 3, 9}
    assert 20 < ended.count(1) < 45


def test_hyperband_waits_for_min_epochs(sweep: Sweep) -> None:
    ended = sweep("hyperband", {"min_epochs": 4, "reduction_factor": 2}, qualities=[9, 8, 7, 6] * 5)
    assert {4, EPOCHS} <= set(ended) <= {4, 8, EPOCHS}


@pytest.mark.parametrize("name", ["median", "percentile", "threshold"])
def test_epochs_of_warm_up_are_not_judged(name: str, sweep: Sweep) -> None:
    assert min(sweep(name, {**OPTIONS[name], "n_warmup_epochs": 4})) == 5


@pytest.mark.parametrize("name", ["median", "percentile"])
def test_epochs_between_are_not_judged(name: str, sweep: Sweep) -> None:
    ended = sweep(name, {**OPTIONS[name], "n_warmup_epochs": 1, "interval_epochs": 4})
    assert {2, EPOCHS} <= set(ended) <= {2, 6, EPOCHS}


def test_patience_alone_ends_what_stopped_improving(sweep: Sweep) -> None:
    ended = sweep("patient", {"patience": 2}, qualities=[9, 1])
    assert ended == [EPOCHS, 5]  # best at epoch 2, then three without a better one


def test_patience_is_a_veto_on_another_pruner(sweep: Sweep) -> None:
    wrapped = {"name": "threshold", "lower": 100.0}
    ended = sweep("patient", {"patience": 2, "wrapped": wrapped}, qualities=[9, 1])
    assert ended == [EPOCHS, 5]


def test_infeasible_trials_are_nothing_to_compare_with() -> None:
    study = optuna.create_study(direction="maximize", pruner=build("median", {}, EPOCHS))
    for number in range(8):
        study.ask()
        report(study, number, 1, 100.0)
        tell(study, number, TrialState.DIVERGED)
    study.ask()
    assert not report(study, 8, 1, 1.0)


@pytest.mark.parametrize("name", [*NAMES, "optuna.pruners:HyperbandPruner"])
def test_samplers_are_shown_the_whole_study(name: str) -> None:
    pruner = build(name, OPTIONS.get(name, {}), EPOCHS)
    assert not isinstance(pruner, optuna.pruners.HyperbandPruner)


def test_a_pruner_for_optuna_takes_its_own_options(sweep: Sweep) -> None:
    ended = sweep("optuna.pruners:ThresholdPruner", {"lower": 2.0, "n_warmup_steps": 4})
    assert min(ended) == 4


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("hyper", {}, LookupError, "hyper"),
        ("hyperband", {"min_epochs": 10}, ValueError, "min_epochs: 10, epochs: 9"),
        ("threshold", {}, ValueError, "lower, upper or both"),
        ("threshold", {"lower": 2, "upper": 1}, ValueError, "lower: 2, upper: 1"),
        ("patient", {"wrapped": {"patience": 1}}, ValueError, "needs a name"),
        ("patient", {"wrapped": {"name": "medan"}}, LookupError, "medan"),
        ("optuna.samplers:RandomSampler", {}, TypeError, "BasePruner"),
    ],
)
def test_mistakes_are_told_before_the_first_trial(
    name: str, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        build(name, options, EPOCHS)
