from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from sweeper.models._u_net import UpLayer, interpolating


def test_filters_that_interpolate() -> None:
    """With taps a to e: x[n-1], x[n], x[n+1], x[n+2] at even samples, then between samples."""
    even, between = interpolating(5) @ torch.tensor([1.0, 10, 100, 1000, 10000])
    assert even.tolist() == [1 + 5, 5 + 100 + 500, 500 + 10000, 0]
    assert between.tolist() == [0.5, 0.5 + 10 + 50, 50 + 1000 + 5000, 5000]


@pytest.mark.parametrize("kernel", [1, 3, 5, 7, 15])
@pytest.mark.parametrize(
    ("batch", "time"), [(2, 1), (2, 3), (2, 40), (300, 1), (150, 2), (100, 3), (2, 160)]
)
@pytest.mark.parametrize("norm", ["none", "batch", "group"])
def test_is_interpolation_concatenation_and_convolution(
    kernel: int, batch: int, time: int, norm: str
) -> None:
    """Few samples in a batch are interpolated, of many the filters are."""
    torch.manual_seed(0)
    layer = UpLayer(5, 3, kernel, norm).train()  # type: ignore[arg-type]
    below = torch.randn(batch, time, 5, requires_grad=True)
    same = torch.randn(batch, 2 * time - 1, 3, requires_grad=True)
    found = layer(below, same)

    convolution, *rest = layer
    upsampled = functional.interpolate(
        below.transpose(1, 2), size=2 * time - 1, mode="linear", align_corners=True
    )
    expected = convolution(torch.cat((upsampled, same.transpose(1, 2)), dim=1))
    for part in rest:
        expected = part(expected)
    expected = expected.transpose(1, 2)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)

    wanted = (below, same, convolution.weight, convolution.bias)
    direction = torch.randn_like(found)
    gradients = [torch.autograd.grad((y * direction).sum(), wanted) for y in (found, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-4)
