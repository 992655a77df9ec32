"""The optimizers and the warm-up of their learning rate."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn, optim

from sweeper.training.optimizers import build_optimizer, warmed_up
from sweeper.training.options import TrainingOptions


def built(model: nn.Module | None = None, **options: Any) -> optim.Optimizer:
    given = TrainingOptions.model_validate({"epochs": 1, **options})
    return build_optimizer(nn.Linear(2, 2) if model is None else model, given)


@pytest.mark.parametrize(
    ("options", "kind", "expected"),
    [
        ({"optimizer": "adam", "betas": [0.8, 0.9]}, optim.Adam, {"betas": (0.8, 0.9)}),
        ({"optimizer": "adamw"}, optim.AdamW, {"betas": (0.9, 0.999)}),
        ({"optimizer": "sgd", "momentum": 0.5}, optim.SGD, {"momentum": 0.5}),
    ],
)
def test_options_reach_the_optimizer(
    options: dict[str, Any], kind: type, expected: dict[str, Any]
) -> None:
    optimizer = built(lr=0.3, weight_decay=0.1, **options)
    assert type(optimizer) is kind
    (group,) = optimizer.param_groups
    assert {**group, "lr": 0.3, "weight_decay": 0.1, **expected} == group


def test_frozen_parameters_are_left_out() -> None:
    model = nn.Linear(2, 2)
    model.bias.requires_grad_(False)
    assert built(model).param_groups[0]["params"] == [model.weight]
    with pytest.raises(ValueError, match="Identity has no parameters"):
        built(nn.Identity())


def test_one_kernel_updates_all_where_that_is_possible() -> None:
    assert built().param_groups[0]["fused"]
    model = nn.Module()
    model.weight = nn.Parameter(torch.zeros(2, dtype=torch.cfloat))
    assert not built(model).param_groups[0]["fused"]


def test_a_warm_up_scales_the_rate_only_within() -> None:
    optimizer = built(optimizer="sgd", momentum=0.0, lr=1.0)
    weight = optimizer.param_groups[0]["params"][0]
    moved = []
    for step in range(1, 6):
        before = weight.detach().clone()
        for parameter in optimizer.param_groups[0]["params"]:
            parameter.grad = torch.ones_like(parameter)
        with warmed_up(optimizer, step, 4):
            optimizer.step()
        moved.append((before - weight).mean().item())
        assert optimizer.param_groups[0]["lr"] == 1.0
    assert moved == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])
