from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from sweeper.models.wave_unet import WaveUNet


@pytest.mark.parametrize(
    ("options", "millions"),
    [
        # Stoller et al. 2018: the lowest convolution has one level more filters.
        ({"levels": 12}, "10.26"),
        ({}, "4.63"),
        # Public ports with batch norm: it has as many as the last level.
        ({"levels": 12, "norm": "batch", "bottleneck": 12 * 24}, "10.13"),
        ({"levels": 9, "norm": "batch", "bottleneck": 9 * 24}, "4.53"),
        ({"levels": 8, "norm": "batch", "bottleneck": 8 * 24}, "3.27"),
        ({"levels": 12, "channels": 48, "norm": "batch", "bottleneck": 12 * 48}, "40.51"),
    ],
)
def test_published_parameter_counts(options: dict[str, Any], millions: str) -> None:
    count = sum(p.numel() for p in WaveUNet(**options).parameters())
    assert f"{count / 1e6:.2f}" == millions


def test_kernels_must_be_odd() -> None:
    with pytest.raises(ValueError, match="kernels must be odd, but got kernel_up=4"):
        WaveUNet(kernel_up=4)


def test_difference_subtracts_what_the_network_gives() -> None:
    noisy = torch.randn(2, 300)
    direct = WaveUNet(levels=3, channels=2)
    difference = WaveUNet(levels=3, channels=2, output="difference")
    difference.load_state_dict(direct.state_dict())
    torch.testing.assert_close(difference(noisy), noisy - direct(noisy))


def test_direct_output_is_a_waveform_within_full_scale() -> None:
    estimate = WaveUNet(levels=3, channels=2)(1000 * torch.randn(2, 300))
    assert estimate.abs().max() <= 1


def test_moves_with_its_input() -> None:
    """Decimation and upsampling are on one grid: a shift by 2^levels samples passes through."""
    model = WaveUNet(levels=2, channels=2).eval()
    noisy = torch.randn(1, 1001)
    shifted = model(noisy.roll(4, dims=1))
    middle = slice(300, 700)
    torch.testing.assert_close(shifted.roll(-4, dims=1)[:, middle], model(noisy)[:, middle])


# The paper's table 1, filter by filter.


def convolution(layer: Any, x: np.ndarray) -> np.ndarray:
    """Same-padded convolution (correlation, as in every network) and LeakyReLU."""
    weight, bias = layer[0].weight.detach().numpy(), layer[0].bias.detach().numpy()
    y = np.stack(
        [
            b + sum(np.correlate(row, taps, "same") for row, taps in zip(x, w, strict=True))
            for w, b in zip(weight, bias, strict=True)
        ]
    )
    return np.where(y > 0, y, 0.2 * y)


def slow(model: WaveUNet, noisy: Tensor, padding: int) -> np.ndarray:
    wave = np.pad(noisy.double().numpy(), (0, padding))[None]
    x, features = wave, []
    for layer in model.down:
        features.append(convolution(layer, x))
        x = features[-1][:, ::2]
    x = convolution(model.bottom, x)
    for layer, same_rate in zip(model.up, reversed(features), strict=True):
        grid = np.arange(2 * x.shape[1] - 1) / 2
        x = np.stack([np.interp(grid, np.arange(x.shape[1]), row) for row in x])
        x = convolution(layer, np.concatenate((x, same_rate)))
    weight, bias = (p.detach().double().numpy() for p in (model.head.weight, model.head.bias))
    return np.tanh(weight[0, :, 0] @ np.concatenate((x, wave)) + bias)[: len(noisy)]


@pytest.mark.parametrize("kernel_up", [1, 3, 5, 7, 9])
def test_model_is_the_papers_table(kernel_up: int) -> None:
    model = WaveUNet(levels=3, channels=3, kernel_down=7, kernel_up=kernel_up)
    noisy = torch.randn(150)
    expected = torch.from_numpy(slow(model, noisy, padding=3)).float()
    torch.testing.assert_close(model(noisy[None])[0], expected, rtol=1e-5, atol=1e-5)
