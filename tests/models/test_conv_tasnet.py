from __future__ import annotations

import pytest
import torch
import torchaudio.models

from sweeper.models.conv_tasnet import ConvTasNet


def test_default_is_the_published_size() -> None:
    """With two outputs torchaudio's has 4.98 M; the second takes 128 x 512 weights, 512 biases."""
    count = sum(p.numel() for p in ConvTasNet().parameters())
    assert f"{(count + 128 * 512 + 512) / 1e6:.2f}" == "4.98"


def test_options_name_torchaudios() -> None:
    model = ConvTasNet(
        n_filters=9, kernel_size=4, bottleneck=5, hidden=6, layers=3, stacks=2, mask="relu"
    )
    twin = torchaudio.models.ConvTasNet(1, 4, 9, 3, 5, 6, 3, 2, "relu")
    twin.load_state_dict(model.network.state_dict())
    noisy = torch.randn(2, 333)
    assert torch.equal(model(noisy), twin(noisy[:, None])[:, 0])


def test_kernel_must_be_even() -> None:
    with pytest.raises(ValueError, match="kernel_size must be even"):
        ConvTasNet(kernel_size=5)
