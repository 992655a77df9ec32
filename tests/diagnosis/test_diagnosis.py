"""Findings of curves whose pattern is plain, under noise, scaling and missing parts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.config.model import Objective
from sweeper.diagnosis import Finding, diagnose, diagnose_reports, find_all
from sweeper.diagnosis.diagnose import SHORTEST
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
    finding: Finding,
    *,
    noise: float = 0.02,
    seed: int = 0,
    steps: bool = True,
    scale: float = 1.0,
    shift: float = 0.0,
    epochs: int = EPOCHS,
) -> list[EpochReport]:
    """Curves of this pattern; ``noise`` of an epoch, single steps have ten times as much."""
    train, valid = SHAPES[finding]
    # the validation set is the same in each epoch: weights that stay give a loss that stays
    still = 0.05 if finding is Finding.NO_LEARNING else 1.0
    draw = np.random.default_rng(seed)
    reports = []
    for epoch in range(1, epochs + 1):
        at = [(epoch - 1) + k / STEPS for k in range(STEPS)]
        losses = [scale * (shift + train(t) + 10 * noise * draw.normal()) for t in at]
        metrics = {
            "train_loss": float(np.mean(losses)),
            "val_loss": scale * (shift + valid(epoch) + still * noise * draw.normal()),
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


@given(finding=st.sampled_from(Finding), exponent=st.floats(-9, 9), seed=st.integers(0, 99))
def test_the_unit_of_the_loss_does_not_matter(finding: Finding, exponent: float, seed: int) -> None:
    assert _found(_reports(finding, seed=seed, scale=10**exponent)) is finding


@given(finding=st.sampled_from(Finding), shift=st.floats(-40, 40), seed=st.integers(0, 99))
def test_where_zero_is_does_not_matter(finding: Finding, shift: float, seed: int) -> None:
    """As for SI-SDR, whose decibels have no zero that means anything."""
    assert _found(_reports(finding, seed=seed, shift=shift)) is finding


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


@given(
    finding=st.sampled_from(Finding),
    epoch=st.integers(2, EPOCHS),
    size=st.sampled_from([-3.0, 3.0, 30.0]),
)
def test_one_epoch_out_of_line_changes_nothing(finding: Finding, epoch: int, size: float) -> None:
    reports = _reports(finding, noise=0.005)
    off = {name: value + size for name, value in reports[epoch - 1].metrics.items()}
    reports[epoch - 1] = replace(reports[epoch - 1], metrics=off)
    assert _found(reports) is finding


@pytest.mark.parametrize(
    ("rate", "finding"),
    [(0.1, Finding.STILL_IMPROVING), (0.5, Finding.CONVERGENCE), (1.8, Finding.SATURATED_EARLY)],
)
@pytest.mark.parametrize("seed", range(5))
def test_twelve_noisy_epochs_of_si_sdr_are_enough(rate: float, finding: Finding, seed: int) -> None:
    """Noise of 0.2 dB, as with a handful of validation recordings, on a way of 10 dB."""
    draw = np.random.default_rng(seed)
    gained = [10 * (1 - math.exp(-rate * epoch)) for epoch in range(1, 13)]
    reports = [
        EpochReport(epoch, {"val_si_sdr": dB + 0.2 * draw.normal()}, 1e9 + epoch)
        for epoch, dB in enumerate(gained, 1)
    ]
    found = diagnose_reports(reports, Objective(metric="val_si_sdr", direction="maximize"))
    assert found is not None
    assert found.finding is finding
    assert "val_si_sdr" in found.evidence
    assert " -" not in found.evidence  # the metric's own values, not those turned to minimize


def test_a_spike_in_the_first_epoch_that_was_not_overcome_is_divergence() -> None:
    reports = _reports(Finding.NO_LEARNING)
    blown = {**reports[0].steps, 2: 5e4}
    assert _found([replace(reports[0], steps=blown), *reports[1:]]) is Finding.DIVERGENCE
    learned = _reports(Finding.CONVERGENCE)
    blown = {**learned[0].steps, 2: 5e4}
    assert _found([replace(learned[0], steps=blown), *learned[1:]]) is Finding.CONVERGENCE


def test_a_single_later_step_that_blows_up_means_nothing() -> None:
    reports = _reports(Finding.CONVERGENCE)
    spike = {**reports[9].steps, 95: 5e4}
    assert _found([*reports[:9], replace(reports[9], steps=spike), *reports[10:]]) is (
        Finding.CONVERGENCE
    )


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


@pytest.mark.parametrize("state", [TrialState.PRUNED, TrialState.TIMED_OUT])
@pytest.mark.parametrize("finding", Finding)
def test_a_trial_that_was_stopped_is_told_only_its_defects(
    state: TrialState, finding: Finding
) -> None:
    defects = (Finding.DIVERGENCE, Finding.NO_LEARNING, Finding.OVERFITTING)
    found = diagnose(_record(finding, state, 20), LOSS, EPOCHS)
    assert (found.finding if found else None) is (finding if finding in defects else None)
    assert diagnose(_record(finding, state, 3), LOSS, EPOCHS) is None


@pytest.mark.parametrize("epochs", range(SHORTEST, EPOCHS))
def test_a_stopped_trial_never_converged(epochs: int) -> None:
    record = _record(Finding.CONVERGENCE, TrialState.PRUNED, epochs)
    assert diagnose(record, LOSS, EPOCHS) is None


@pytest.mark.parametrize(
    ("state", "finding"),
    [
        (TrialState.COMPLETE, Finding.STILL_IMPROVING),
        (TrialState.DIVERGED, Finding.DIVERGENCE),
        (TrialState.FAILED, None),
        (TrialState.OUT_OF_MEMORY, None),
    ],
)
def test_the_ending_counts(state: TrialState, finding: Finding | None) -> None:
    found = diagnose(_record(Finding.STILL_IMPROVING, state, 20), LOSS, EPOCHS)
    assert (found.finding if found else None) is finding


def test_a_loss_that_came_down_and_went_up_again_diverged() -> None:
    up = _reports(Finding.CONVERGENCE, noise=0.005)
    metrics = {"train_loss": 3.5, "val_loss": 3.6}
    reports = [replace(r, metrics=metrics, steps={}) if r.epoch > 20 else r for r in up]
    assert _found(reports) is Finding.DIVERGENCE


def test_an_unlucky_first_batch_is_no_learning() -> None:
    reports = _reports(Finding.NO_LEARNING)
    unlucky = {**reports[0].steps, 1: 4.0 + 3.3 * 0.2}
    assert _found([replace(reports[0], steps=unlucky), *reports[1:]]) is Finding.NO_LEARNING


def test_few_epochs_without_steps_are_not_said_to_have_learned_nothing() -> None:
    """Of a real sweep: it went on to -9.3."""
    curves = zip([-2.9, -7.5, -9.6, -8.8], [-6.7, -7.4, -8.3, -8.1], strict=True)
    reports = [
        EpochReport(epoch, {"train_loss": train, "val_loss": valid}, 1e9)
        for epoch, (train, valid) in enumerate(curves, 1)
    ]
    assert _found(reports) is not Finding.NO_LEARNING


def test_a_validation_set_that_is_harder_from_the_first_epoch_on_is_no_overfitting() -> None:
    harder = [
        replace(r, metrics=r.metrics | {"val_loss": r.metrics["val_loss"] + 3.0})
        for r in _reports(Finding.CONVERGENCE)
    ]
    assert _found(harder) is Finding.CONVERGENCE


def test_all_learned_within_the_first_epoch_is_learning() -> None:
    """As a large data set or a pretrained model does it: flat, but far below the first step."""
    reports = _reports(Finding.NO_LEARNING)
    untrained = {**reports[0].steps, 1: 9.0}
    learned = [replace(reports[0], steps=untrained), *reports[1:]]
    assert _found(learned) in (Finding.CONVERGENCE, Finding.SATURATED_EARLY)


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


def _recorded(train: str, valid: str, first: float, spread: float) -> list[EpochReport]:
    """Epochs of a training of benchmarks.diagnosis; single steps as noisy as it had them."""
    draw = np.random.default_rng(0)
    reports = []
    losses = zip(map(float, train.split()), map(float, valid.split()), strict=True)
    for epoch, (fit, loss) in enumerate(losses, 1):
        steps = {STEPS * epoch + k: fit + spread * draw.normal() for k in range(1, STEPS)}
        told = {1: first, **steps} if epoch == 1 else steps
        reports.append(EpochReport(epoch, {"train_loss": fit, "val_loss": loss}, 1e9 + epoch, told))
    return reports


def test_noisy_steps_and_a_late_start_are_no_divergence_where_the_validation_falls() -> None:
    slow = _recorded(
        "0.677 0.702 0.668 0.679 0.707 0.667 0.635 0.602 0.595 0.515",
        "0.69 0.685 0.687 0.707 0.686 0.649 0.626 0.597 0.594 0.532",
        first=0.667,
        spread=0.08,
    )
    assert _found(slow) is Finding.STILL_IMPROVING


def test_a_lucky_first_step_is_no_divergence_where_the_validation_falls() -> None:
    fast = _recorded(
        "10.1 9.38 9.46 7.85 7.22 5.46",
        "9.51 9.26 8.87 8.11 6.8 4.93",
        first=6.4,
        spread=1.6,
    )
    assert _found(fast) is Finding.STILL_IMPROVING


def test_coming_back_from_where_large_steps_threw_it_is_no_learning() -> None:
    thrown = _recorded(
        "8.84 8.81 7.92 8.07 7.9 8.07 7.72 7.65 7.28 7.2 6.58 "
        "6.98 7.19 6.92 7.54 7.13 6.81 6.73 7.34 6.78 6.54",
        "8.49 8.45 8.12 6.52 7.87 7.57 7.13 7.0 6.66 6.41 6.57 "
        "6.43 6.31 6.34 6.65 6.53 6.46 6.4 6.38 6.63 6.34",
        first=5.5,
        spread=2.6,
    )
    assert _found(thrown) is Finding.DIVERGENCE


def test_coming_back_in_order_to_above_the_first_step_is_no_learning() -> None:
    thrown = _recorded(
        "6.34 9.64 9.68 9.46 8.24 8.65 5.47 4.95 5.19 3.78 4.81 6.12 5.52 4.17 4.85 3.71 3.58 "
        "2.38 2.92 4.33",
        "8.0 9.59 9.45 9.42 8.08 7.55 5.62 6.06 5.58 5.33 5.77 5.51 5.05 5.96 5.36 4.51 4.4 "
        "4.35 3.65 3.59",
        first=-0.25,
        spread=2.8,
    )
    assert _found(thrown) is Finding.DIVERGENCE


def test_making_up_for_a_jump_is_not_still_improving() -> None:
    jumped = _recorded(
        "4.28 3.28 3.24 2.34 2.07 0.41 -0.03 0.11 -0.18 0.47 -0.53 -0.6 "
        "-0.91 -1.31 -0.94 0.28 0.31 0.71 0.42 0.02 -0.58 -0.49 0.3",
        "3.89 3.53 2.41 1.9 1.29 0.73 0.32 -0.05 -0.25 0.17 -0.32 -0.37 "
        "-0.94 -1.04 -1.18 1.14 0.02 -0.42 0.09 -0.4 -0.83 -0.91 -0.56",
        first=6.3,
        spread=2.4,
    )
    assert _found(jumped) is Finding.CONVERGENCE


@pytest.mark.parametrize("untrained", [4.0, 40.0])
def test_what_the_first_epoch_brought_counts_as_gained(untrained: float) -> None:
    """The same late fall is much of a way of 3, and little of one of 38."""
    reports = [
        replace(r, metrics=r.metrics | {"val_loss": 3.0 - 0.03 * r.epoch})
        for r in _reports(Finding.CONVERGENCE, noise=0.005)
    ]
    first = {**reports[0].steps, 1: untrained}
    found = _found([replace(reports[0], steps=first), *reports[1:]])
    assert (found is Finding.STILL_IMPROVING) == (untrained < 10)
