from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from sweeper.models._convolution import SLOPE, convolved, halved, inputs_last


@pytest.mark.parametrize("channels", [1, 5])
@pytest.mark.parametrize("time", [1, 4, 31, 32, 100])
@pytest.mark.parametrize("kernel", [1, 7])
def test_is_pytorchs_convolution(channels: int, time: int, kernel: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(3, time, channels, requires_grad=True)
    weight = inputs_last(torch.randn(4, channels, kernel)).requires_grad_()
    bias = torch.randn(4, requires_grad=True)
    found = convolved(x, weight, bias, kernel // 2)
    expected = functional.conv1d(x.transpose(1, 2), weight, bias, padding=kernel // 2)
    torch.testing.assert_close(found, expected.transpose(1, 2))
    direction = torch.randn_like(found)
    torch.testing.assert_close(
        torch.autograd.grad(found, (x, weight, bias), direction),
        torch.autograd.grad(expected, (x, weight, bias), direction.transpose(1, 2)),
        rtol=1e-4,
        atol=1e-4,
    )


def test_inputs_last_are_the_same_filters_in_the_order_of_images() -> None:
    weight = torch.randn(4, 3, 5)
    ordered = inputs_last(weight)
    torch.testing.assert_close(ordered, weight, rtol=0, atol=0)
    assert ordered.unsqueeze(2).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("time", [1, 2, 9])
def test_halved_has_the_gradient_of_both_its_outputs(time: int) -> None:
    x = torch.randn(2, time, 3, dtype=torch.double, requires_grad=True)
    activated, half = halved(x)
    expected = functional.leaky_relu(x, SLOPE)
    torch.testing.assert_close((activated, half), (expected, expected[:, ::2]))
    assert torch.autograd.gradcheck(halved, x)
