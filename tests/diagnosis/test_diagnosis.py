"""Findings of curves whose pattern is plain, under noise, scaling and missing parts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from sweeper.config.model import Objective
from sweeper.diagnosis import Finding, diagnose, diagnose_reports, find_all
from sweeper.records import EpochReport, TrialRecord, TrialState

LOSS = Objective(metric="val_loss", direction="minimize")
EPOCHS = 30
STEPS = 10


def _falls(rate: float, to: float = 1.0, start: float = 4.0) -> Callable[[float], float]:
    return lambda epoch: to + (start - to) * math.exp(-rate * epoch)


SHAPES: dict[Finding, tuple[Callable[[float], float], Callable[[float], float]]] = {
    Finding.CONVERGENCE: (_falls(0.16), _falls(0.16, 1.1)),
    Finding.NO_LEARNING: (lambda _: 4.0, lambda epoch: 4.0 - 1e-4 * epoch),
    Finding.DIVERGENCE: (lambda epoch: 4.0 + 0.2 * epoch, lambda epoch: 4.0 + 0.3 * epoch),
    Finding.OVERFITTING: (
        _falls(0.2, 0.1),
        lambda epoch: 2.0 + 2 * math.exp(-0.6 * epoch) + 0.05 * epoch,
    ),
    Finding.STILL_IMPROVING: (lambda e: 4.0 - 0.09 * e, lambda e: 4.0 - 0.085 * e),
    Finding.SATURATED_EARLY: (_falls(1.2), _falls(1.2, 1.1)),
}


def _reports(
    finding: Finding, *, noise: float = 0.02, seed: int = 0, steps: bool = True, scale: float = 1.0
) -> list[EpochReport]:
    """Curves of this pattern; ``noise`` of an epoch, single steps have ten times as much."""
    train, valid = SHAPES[finding]
    # the validation set is the same in each epoch: weights that stay give a loss that stays
    still = 0.05 if finding is Finding.NO_LEARNING else 1.0
    draw = np.random.default_rng(seed)
    reports = []
    for epoch in range(1, EPOCHS + 1):
        at = [(epoch - 1) + k / STEPS for k in range(STEPS)]
        losses = [scale * (train(t) + 10 * noise * draw.normal()) for t in at]
        metrics = {
            "train_loss": float(np.mean(losses)),
            "val_loss": scale * (valid(epoch) + still * noise * draw.normal()),
        }
        numbers = range(STEPS * (epoch - 1) + 1, STEPS * epoch + 1)
        told = dict(zip(numbers, losses, strict=True)) if steps else {}
        reports.append(EpochReport(epoch, metrics, 1e9 + epoch, told))
    return reports


def _found(reports: list[EpochReport]) -> Finding | None:
    found = diagnose_reports(reports, LOSS)
    return found.finding if found else None


@pytest.mark.parametrize("finding", Finding)
@pytest.mark.parametrize("noise", [0.0, 0.005, 0.03])
@pytest.mark.parametrize("seed", range(3))
def test_plain_patterns_are_found_under_noise(finding: Finding, noise: float, seed: int) -> None:
    assert _found(_reports(finding, noise=noise, seed=seed)) is finding


@pytest.mark.parametrize("finding", Finding)
@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_unit_of_the_loss_does_not_matter(finding: Finding, scale: float) -> None:
    assert _found(_reports(finding, scale=scale)) is finding


@pytest.mark.parametrize("finding", Finding)
def test_epochs_alone_will_do(finding: Finding) -> None:
    assert _found(_reports(finding, noise=0.01, steps=False)) is finding


@pytest.mark.parametrize("finding", [Finding.STILL_IMPROVING, Finding.SATURATED_EARLY])
def test_an_objective_takes_the_place_of_the_validation_loss(finding: Finding) -> None:
    score = Objective(metric="score", direction="maximize")
    reports = [
        replace(r, metrics={"score": -r.metrics["val_loss"]}, steps={})
        for r in _reports(finding, noise=0.005)
    ]
    found = diagnose_reports(reports, score)
    assert found is not None
    assert found.finding is finding


def test_weights_that_move_a_lot_and_learn_nothing_diverge() -> None:
    draw = np.random.default_rng(0)
    reports = [
        replace(r, metrics=r.metrics | {"val_loss": 4.1 + 0.1 * draw.normal()})
        for r in _reports(Finding.NO_LEARNING)
    ]
    assert _found(reports) is Finding.DIVERGENCE


def test_one_outlier_changes_nothing() -> None:
    for finding in (Finding.CONVERGENCE, Finding.STILL_IMPROVING, Finding.SATURATED_EARLY):
        reports = _reports(finding, noise=0.005)
        spike = {name: 3 * value for name, value in reports[11].metrics.items()}
        reports[11] = replace(reports[11], metrics=spike)
        assert _found(reports) is finding


def test_a_spike_in_the_first_epoch_that_was_not_overcome_is_divergence() -> None:
    reports = _reports(Finding.NO_LEARNING)
    blown = {**reports[0].steps, 2: 5e4}
    assert _found([replace(reports[0], steps=blown), *reports[1:]]) is Finding.DIVERGENCE
    learned = _reports(Finding.CONVERGENCE)
    blown = {**learned[0].steps, 2: 5e4}
    assert _found([replace(learned[0], steps=blown), *learned[1:]]) is Finding.CONVERGENCE


def test_too_short_shows_nothing() -> None:
    assert _found(_reports(Finding.DIVERGENCE)[:3]) is None
    assert _found([]) is None


def test_without_numbers_of_learning_nothing_is_found() -> None:
    speed = Objective(metric="samples_per_second", direction="maximize")
    reports = [EpochReport(e, {"samples_per_second": 9.0 + e}, 1e9) for e in range(1, 20)]
    assert diagnose_reports(reports, speed) is None


def _record(
    finding: Finding, state: TrialState, epochs: int = EPOCHS, number: int = 0
) -> TrialRecord:
    reports = tuple(_reports(finding)[:epochs])
    return TrialRecord(number, {}, state, 0, reports, reason="loss is nan at epoch 3")


@pytest.mark.parametrize(
    ("state", "finding"),
    [
        (TrialState.COMPLETE, Finding.STILL_IMPROVING),
        (TrialState.PRUNED, Finding.CONVERGENCE),  # it was to end there
        (TrialState.TIMED_OUT, Finding.CONVERGENCE),
        (TrialState.DIVERGED, Finding.DIVERGENCE),
        (TrialState.FAILED, None),
        (TrialState.OUT_OF_MEMORY, None),
    ],
)
def test_the_ending_counts(state: TrialState, finding: Finding | None) -> None:
    found = diagnose(_record(Finding.STILL_IMPROVING, state, 20), LOSS, EPOCHS)
    assert (found.finding if found else None) is finding


def test_a_sweep_is_told_the_consequence_of_what_many_trials_show() -> None:
    improving = [_record(Finding.STILL_IMPROVING, TrialState.COMPLETE, number=n) for n in range(11)]
    rest = [_record(Finding.CONVERGENCE, TrialState.COMPLETE, number=11 + n) for n in range(13)]
    few = [_record(Finding.OVERFITTING, TrialState.COMPLETE, number=30)]
    copy = replace(improving[0], number=40, copy_of="0")
    findings = find_all([*improving, *rest, *few, copy], LOSS, EPOCHS)
    assert findings.line == "13 convergence, 11 still improving, 1 overfitting"
    (said,) = findings.consequences()
    assert said.startswith("11 of 25 finished trials were still improving at the last epoch: raise")
    assert "from 30 to 60" in said
    assert not list(find_all(rest, LOSS, EPOCHS).consequences())
    assert find_all([], LOSS, EPOCHS).line == ""
