"""What every loss of the family must do; a new file in it is tested without an edit here."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from sweeper import families

every_loss = pytest.mark.parametrize("name", families.member_names("losses"))


def build(name: str, **options: Any) -> nn.Module:
    loss = families.load("losses", name)(**options)
    assert isinstance(loss, nn.Module)
    return loss


def speech(batch: int = 3, time: int = 2001) -> Tensor:
    return 0.1 * torch.randn(batch, time, generator=torch.Generator().manual_seed(time))


def noise(batch: int = 3, time: int = 2001) -> Tensor:
    return 0.1 * torch.randn(batch, time, generator=torch.Generator().manual_seed(time + 1))


@every_loss
def test_has_no_weights_and_defaults_for_all_options(name: str) -> None:
    families.options(families.load("losses", name))()
    loss = build(name)
    assert not list(loss.parameters())
    assert not loss.state_dict(), "a checkpoint must not depend on the loss"


@every_loss
@pytest.mark.parametrize("time", [1, 2, 7, 999, 4096])
def test_is_a_finite_scalar_with_a_finite_gradient(name: str, time: int) -> None:
    estimate = (speech(2, time) + noise(2, time)).requires_grad_()
    value = build(name)(estimate, speech(2, time))
    assert value.shape == ()
    assert value.dtype == torch.float32
    assert value.isfinite()
    value.backward()
    assert estimate.grad is not None
    assert estimate.grad.isfinite().all()


@every_loss
def test_falls_as_the_estimate_gets_better(name: str) -> None:
    values = [build(name)(speech() + scale * noise(), speech()) for scale in (3, 1, 0.3, 0.1, 0)]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == len(values)


@every_loss
def test_gradient_leads_to_a_better_estimate(name: str) -> None:
    estimate = (speech() + noise()).requires_grad_()
    before = build(name)(estimate, speech())
    before.backward()
    assert estimate.grad is not None
    step = 0.01 * estimate.norm() / estimate.grad.norm()
    assert build(name)(estimate - step * estimate.grad, speech()) < before


@every_loss
@pytest.mark.parametrize("case", ["perfect", "silent estimate", "silent clean", "both silent"])
def test_extreme_cases_are_finite(name: str, case: str) -> None:
    clean = torch.zeros(2, 3000) if case in ("silent clean", "both silent") else speech(2, 3000)
    estimate = {
        "perfect": clean.clone(),
        "silent estimate": torch.zeros(2, 3000),
        "silent clean": noise(2, 3000),
        "both silent": torch.zeros(2, 3000),
    }[case].requires_grad_()
    value = build(name)(estimate, clean)
    value.backward()
    assert value.isfinite()
    assert estimate.grad is not None
    assert estimate.grad.isfinite().all()


@every_loss
def test_is_the_mean_over_the_batch(name: str) -> None:
    estimate = speech() + noise()
    alone = [build(name)(e[None], c[None]) for e, c in zip(estimate, speech(), strict=True)]
    torch.testing.assert_close(build(name)(estimate, speech()), torch.stack(alone).mean())


@every_loss
def test_half_precision_is_raised_to_single(name: str) -> None:
    estimate = (speech() + noise()).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = build(name)(estimate, speech())
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, build(name)(estimate.float(), speech()))
