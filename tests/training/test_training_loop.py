"""The loop: it learns, says what it did, ends at once on what is not finite, keeps its promises."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from sweeper.errors import DeadlineReached, Diverged
from sweeper.records import EpochReport
from sweeper.training import checkpoint
from sweeper.training.loop import Parts, train
from sweeper.training.options import METRICS

Make = Callable[..., Parts]


def test_it_learns_and_reports_what_the_contract_says(make_parts: Make) -> None:
    parts = make_parts(epochs=12, lr=3e-2)
    reports = list(train(parts))
    assert [r.epoch for r in reports] == list(range(1, 13))
    for report in reports:
        assert tuple(report.metrics) == METRICS
    last = reports[-1].metrics
    assert last["val_si_sdr_improvement"] > 3
    assert last["val_loss"] == pytest.approx(-last["val_si_sdr"], abs=1e-3)
    assert last["lr"] == 3e-2
    assert last["samples_per_second"] > 0
    assert 2**24 < last["peak_memory_bytes"] < 2**40


def test_steps_are_global_evenly_spread_and_not_more_than_asked(make_parts: Make) -> None:
    per_epoch = len(make_parts().batches)
    everyone = [r.steps for r in train(make_parts("all", log_steps=100))]
    assert [list(steps) for steps in everyone] == [
        list(range(first + 1, first + per_epoch + 1))
        for first in range(0, 4 * per_epoch, per_epoch)
    ]
    two = [r.steps for r in train(make_parts("two", log_steps=2))]
    middle = [per_epoch * epoch + per_epoch // 2 for epoch in range(4)]
    middle[0] = 1  # the untrained model
    ends = [per_epoch * (epoch + 1) for epoch in range(4)]
    assert [list(steps) for steps in two] == [list(pair) for pair in zip(middle, ends, strict=True)]
    assert all(everyone[k].items() >= two[k].items() for k in range(4))
    assert all(not r.steps for r in train(make_parts("none", log_steps=0)))


def test_train_loss_is_the_mean_over_segments(make_parts: Make) -> None:
    parts = make_parts(log_steps=100)
    report = next(train(parts))
    sizes = [len(noisy) for noisy, _ in parts.batches.epoch(1)]
    weighted = [n * loss for n, loss in zip(sizes, report.steps.values(), strict=True)]
    assert len(set(sizes)) == 2  # the last batch is a smaller one
    assert report.metrics["train_loss"] == pytest.approx(sum(weighted) / sum(sizes))


class Breaks(nn.Module):
    """Turns NaN in the forward or only in the gradient, at the given call."""

    def __init__(self, at: int, *, gradient: bool = False) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1))
        self.at, self.gradient, self.calls = at, gradient, 0

    def forward(self, noisy: Tensor) -> Tensor:
        self.calls += 1
        estimate = self.gain * noisy + 0.1 * noisy.roll(1, -1) * self.gain.square()
        if self.calls != self.at:
            return estimate
        # the root's gradient at 0 is infinite, its value is not
        return estimate + 0 * (self.gain - self.gain).sqrt() if self.gradient else estimate / 0


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: Breaks(2), r"train loss is nan at epoch 1, step 2, lr 0\.01"),
        (lambda: Breaks(2, gradient=True), r"gradient norm is nan at epoch 1, step 2, lr 0\.01"),
    ],
)
def test_a_step_that_is_not_finite_ends_training_in_that_step(
    make_parts: Make, model: Any, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    parts = make_parts(model=model)
    with pytest.raises(Diverged, match=message):
        list(train(parts))
    assert isinstance(parts.model, Breaks)
    assert parts.model.calls == 2
    assert parts.model.gain.isfinite().all()  # no optimizer step with it
    assert "diverged" in caplog.text


def test_a_validation_that_is_not_finite_ends_training_before_its_report(make_parts: Make) -> None:
    steps = len(make_parts().batches)
    parts = make_parts(model=lambda: Breaks(steps + 1))
    with pytest.raises(Diverged, match=f"val_loss is nan at epoch 1, step {steps}"):
        list(train(parts))
    assert parts.checkpoints.load() is None


def test_a_rate_far_too_high_ends_in_the_first_epoch(make_parts: Make) -> None:
    with pytest.raises(Diverged, match=r"at epoch 1, step \d+, lr 1e\+30"):
        list(train(make_parts(lr=1e30, optimizer="sgd", gradient_clip=None)))


def test_the_gradient_is_clipped(make_parts: Make) -> None:
    before = make_parts("a", optimizer="sgd", momentum=0.0, lr=1.0).model.state_dict()
    change = {}
    for clip in (1e-3, None):
        parts = make_parts(
            f"clip {clip}", optimizer="sgd", momentum=0.0, lr=1.0, gradient_clip=clip
        )
        parts.model.load_state_dict(before)
        next(train(parts))
        pairs = zip(before.values(), parts.model.state_dict().values(), strict=True)
        change[clip] = sum((old - new).square().sum() for old, new in pairs) ** 0.5
    assert change[1e-3] <= len(parts.batches) * 1e-3 * 1.01 < change[None]


def test_the_deadline_ends_training_between_batches(make_parts: Make) -> None:
    with pytest.raises(DeadlineReached):
        list(train(make_parts("past", deadline=time.time() - 1)))
    parts = make_parts("soon", epochs=10**6, deadline=time.time() + 0.5)
    done = []
    with pytest.raises(DeadlineReached):
        done.extend(train(parts))
    assert parts.checkpoints.load() is not None


def test_a_deadline_after_the_last_epoch_changes_nothing(make_parts: Make) -> None:
    list(train(make_parts()))
    assert list(train(make_parts(deadline=time.time() - 1), reported=4)) == []


def test_reports_that_were_not_received_come_again_without_training(make_parts: Make) -> None:
    reports = list(train(make_parts()))
    again = make_parts(model=MustNotRun)
    assert list(train(again, reported=1)) == reports[1:]
    assert list(train(again, reported=4)) == []


class MustNotRun(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.analyse = nn.Conv1d(1, 8, 33, padding=16)
        self.synthesise = nn.Conv1d(8, 1, 33, padding=16)

    def forward(self, noisy: Tensor) -> Tensor:
        raise AssertionError("trained again")


def test_early_stop_counts_from_the_best_epoch_also_after_a_continuation(make_parts: Make) -> None:
    # at this rate nothing moves, so that the first epoch stays the best
    reports = list(train(make_parts(lr=1e-30, epochs=50, early_stop=3)))
    assert len(reports) == 4
    assert list(train(make_parts(lr=1e-30, epochs=50, early_stop=3), reported=4)) == []


def test_on_best_is_called_for_each_new_best_before_its_checkpoint(make_parts: Make) -> None:
    seen: list[tuple[int, int]] = []

    def on_best(report: EpochReport) -> None:
        saved = parts.checkpoints.load()
        seen.append((report.epoch, saved.epoch if saved else 0))

    parts = make_parts(epochs=8, on_best=on_best, lr=0.3)
    values = [r.metrics["val_si_sdr"] for r in train(parts)]
    best = [k + 1 for k, value in enumerate(values) if value > max([*values[:k], -1e9])]
    assert 1 < len(best) < 8
    assert seen == [(epoch, epoch - 1) for epoch in best]


def test_a_checkpoint_is_on_disk_when_its_report_comes(make_parts: Make, tmp_path: Path) -> None:
    for report in train(make_parts()):
        found = checkpoint.read(tmp_path / "trial" / "last.ckpt")
        assert found["reports"][-1]["epoch"] == report.epoch


def test_each_epoch_has_a_line_in_the_log(
    make_parts: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="sweeper")
    list(train(make_parts(epochs=2)))
    list(train(make_parts(epochs=3)))
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split(":")[0] for line in lines] == [
        "starting from epoch 1",
        "epoch 1/2",
        "epoch 2/2",
        "continuing after epoch 2 (step 6)",
        "epoch 3/3",
    ]


def test_the_averaged_weights_are_what_is_validated(make_parts: Make) -> None:
    parts = make_parts(ema=0.9, lr=0.1)
    reports = list(train(parts))
    assert parts.average is not None
    measured = {
        name: parts.validation.measure(
            model, parts.loss, precision=parts.precision, device=parts.device
        )["val_si_sdr"]
        for name, model in (("averaged", parts.average.model), ("last", parts.model))
    }
    assert reports[-1].metrics["val_si_sdr"] == measured["averaged"] != measured["last"]


def test_gradients_accumulated_over_parts_train_alike(make_parts: Make) -> None:
    def curve(**options: Any) -> list[float]:
        parts = make_parts(str(options), **options)
        parts.model.drop.p = 0.0  # type: ignore[union-attr]
        return [report.metrics["val_si_sdr"] for report in train(parts)]

    assert curve(micro_batch_size=1) == pytest.approx(curve(), abs=0.01)


@pytest.mark.parametrize(("options", "last"), [({}, 4), ({"lr": 1e-30, "early_stop": 2}, 3)])
def test_the_last_report_has_what_is_measured_in_the_end(
    make_parts: Make, options: dict[str, Any], last: int
) -> None:
    parts = dataclasses.replace(make_parts(**options), on_end=lambda: {"best_val_stoi": 0.9})
    reports = list(train(parts))
    assert ["best_val_stoi" in report.metrics for report in reports] == [False] * (last - 1) + [
        True
    ]
    again = list(train(make_parts(model=MustNotRun, **options), reported=last - 1))
    assert again == reports[-1:]
