"""A continued training gives bit for bit the numbers of an uninterrupted one on a CPU."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from sweeper import families
from sweeper.models.dprnn import DPRNN
from sweeper.records import EpochReport
from sweeper.training.loop import Parts, train

Make = Callable[..., Parts]
MEASURED = {"samples_per_second", "peak_memory_bytes"}

SCHEDULES = [{"name": name} for name in families.member_names("schedules")]
VARIANTS: list[dict[str, Any]] = [
    *({"schedule": schedule} for schedule in SCHEDULES),
    {"schedule": {"name": "plateau", "patience": 0}, "lr": 0.3},
    {"schedule": {"name": "cosine", "warmup_epochs": 2}, "warmup_steps": 20},
    *({"optimizer": name, "weight_decay": 1e-3} for name in ("adam", "adamw", "sgd")),
    {"optimizer": "sgd", "momentum": 0.0, "gradient_clip": None},
    {"precision": "bf16"},
    {"ema": 0.9},
]


def small_dprnn() -> nn.Module:
    return DPRNN(
        n_filters=8, kernel_size=16, bottleneck=8, hidden=8, layers=1, chunk=20, dropout=0.2
    )


def numbers(reports: list[EpochReport]) -> list[Any]:
    return [
        (r.epoch, r.steps, {k: v for k, v in r.metrics.items() if k not in MEASURED})
        for r in reports
    ]


def disturb() -> None:
    """What another trial in the same worker may have done."""
    torch.manual_seed(99)
    torch.rand(7)
    np.random.rand(7)
    random.random()


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_with_every_schedule_and_optimizer(make_parts: Make, options: dict[str, Any]) -> None:
    check(make_parts, **options)


def test_with_an_rnn_and_dropout(make_parts: Make) -> None:
    check(make_parts, model=small_dprnn, batch_size=2, segment=0.1)


def test_with_group_statistics(make_parts: Make) -> None:
    def with_batch_norm() -> nn.Module:
        # running statistics are part of the state
        return nn.Sequential(nn.Unflatten(1, (1, -1)), nn.BatchNorm1d(1), nn.Flatten())

    check(make_parts, model=with_batch_norm)


def check(make_parts: Make, **options: Any) -> None:
    whole = make_parts("whole", **options)
    expected = list(train(whole))

    first = make_parts("parts", **options)
    running = train(first)
    before = []
    for report in running:
        before.append(report)
        disturb()  # what happens between two epochs does not matter either
        if report.epoch == 2:
            running.close()
    disturb()
    second = make_parts("parts", **options)
    disturb()
    after = list(train(second, reported=2))

    assert numbers(before + after) == numbers(expected)
    assert same_weights(whole.model, second.model)


def test_another_seed_gives_other_numbers(make_parts: Make) -> None:
    one, other = (numbers(list(train(make_parts(f"{s}", seed=s)))) for s in (1, 2))
    assert one != other


@pytest.mark.parametrize("kept", [0, 1])
def test_after_a_damaged_checkpoint_the_lost_epochs_come_out_the_same(
    make_parts: Make, tmp_path: Path, kept: int
) -> None:
    expected = list(train(make_parts("whole")))
    running = train(make_parts("parts"))
    for _ in range(3):
        next(running)
    running.close()
    damaged = ["last.ckpt", "previous.ckpt"][: 2 - kept]
    for name in damaged:
        (tmp_path / "parts" / name).write_bytes(b"")
    again = list(train(make_parts("parts"), reported=3))
    # the driver drops what it has
    first = 3 if kept else 1
    assert numbers(again) == numbers(expected)[first - 1 :]


def test_more_epochs_can_be_asked_for_later(make_parts: Make) -> None:
    expected = list(train(make_parts("whole", epochs=5)))
    list(train(make_parts("parts", epochs=3)))
    assert numbers(list(train(make_parts("parts", epochs=5), reported=3))) == numbers(expected)[3:]
