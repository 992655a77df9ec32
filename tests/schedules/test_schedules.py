"""Every schedule: what it does to the rate, and that it continues where it stopped."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
import torch
from torch.optim import Adam, Optimizer

from sweeper import families
from sweeper.schedules.cosine import cosine
from sweeper.schedules.exponential import exponential
from sweeper.schedules.none import none
from sweeper.schedules.plateau import plateau

if TYPE_CHECKING:
    from sweeper.schedules._schedule import Schedule

LOSSES = [3.0, 2.0, 2.5, 2.4, 2.3, 1.0, 1.5, 1.5, 1.5, 1.5]


def an_optimizer(lr: float = 1.0) -> Optimizer:
    weight = torch.nn.Parameter(torch.ones(2))
    weight.grad = torch.zeros(2)
    return Adam([weight], lr=lr)


def rates(optimizer: Optimizer, schedule: Schedule, losses: list[float]) -> list[float]:
    """The rate that each epoch trains with."""
    used = []
    for loss in losses:
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step(loss)
    return used


def test_none_keeps_the_rate() -> None:
    optimizer = an_optimizer(0.3)
    assert rates(optimizer, none(optimizer, 10), LOSSES) == [0.3] * 10


def test_exponential_follows_the_dprnn_paper() -> None:
    optimizer = an_optimizer()
    expected = [0.98 ** (epoch // 2) for epoch in range(10)]
    assert rates(optimizer, exponential(optimizer, 10), LOSSES) == pytest.approx(expected)


def test_plateau_halves_after_its_patience() -> None:
    optimizer = an_optimizer()
    used = rates(optimizer, plateau(optimizer, 10, patience=2), LOSSES)
    assert used == [1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]


def test_plateau_takes_no_worse_negative_loss_for_a_best() -> None:
    optimizer = an_optimizer()
    worsening = [-10.0, -9.9995, -9.999, -9.9985]
    assert rates(optimizer, plateau(optimizer, 4, patience=1), worsening)[-1] == 0.5


def test_plateau_stops_at_min_lr() -> None:
    optimizer = an_optimizer()
    schedule = plateau(optimizer, 10, patience=0, factor=0.1, min_lr=0.05)
    assert rates(optimizer, schedule, [1.0] * 6)[-1] == 0.05


def test_cosine_without_warmup_starts_full_and_ends_above_its_floor() -> None:
    optimizer = an_optimizer()
    used = rates(optimizer, cosine(optimizer, 4), LOSSES[:4])
    assert used == pytest.approx([0.5 * (1 + math.cos(math.pi * k / 4)) for k in range(4)])


def test_cosine_warms_up_and_stays_on_its_floor_past_the_end() -> None:
    optimizer = an_optimizer()
    used = rates(optimizer, cosine(optimizer, 5, warmup_epochs=3, floor=0.1), LOSSES)
    assert used[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert used[4] == pytest.approx(0.55)
    assert used[5:] == pytest.approx([0.1] * 5)


def test_cosine_rejects_a_warmup_as_long_as_the_training() -> None:
    with pytest.raises(ValueError, match="warmup_epochs < epochs"):
        cosine(an_optimizer(), 3, warmup_epochs=3)


@pytest.mark.parametrize("name", families.member_names("schedules"))
def test_every_schedule_continues_where_it_stopped(name: str) -> None:
    member = families.load("schedules", name)
    whole = an_optimizer()
    expected = rates(whole, member(whole, len(LOSSES)), LOSSES)

    first = an_optimizer()
    before = member(first, len(LOSSES))
    assert rates(first, before, LOSSES[:4]) == expected[:4]
    second = an_optimizer()
    after = member(second, len(LOSSES))
    second.load_state_dict(first.state_dict())
    after.load_state_dict(before.state_dict())
    assert rates(second, after, LOSSES[4:]) == expected[4:]


@pytest.mark.parametrize("name", families.member_names("schedules"))
def test_every_option_of_a_schedule_is_typed_and_described(name: str) -> None:
    fields = families.options(families.load("schedules", name)).model_fields
    assert all(field.description for field in fields.values())
