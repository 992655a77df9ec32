"""Wave-U-Net for speech enhancement: a U-Net of convolutions on the waveform itself."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from sweeper.models._options import Size
from sweeper.models._u_net import Layer, Norm, UpLayer

__all__ = ["WaveUNet"]


class WaveUNet(nn.Module):
    """Wave-U-Net (Stoller et al. 2018, arXiv 1806.03185), one output, same-padded.

    ``levels`` convolutions, each followed by dropping every other sample; one more convolution;
    then ``levels`` times linear upsampling, concatenation with the features of that rate, and a
    convolution; last the input is concatenated and one 1x1 convolution with tanh gives a waveform
    in [-1, 1]. The defaults are the form that Macartney & Weyde found best for speech enhancement
    (2018, arXiv 1811.11307): 9 levels instead of 12, 4.6 M parameters.

    Args:
        levels: number of downsampling steps, each by 2.
        channels: filters added at each level: level i has i * channels.
        kernel_down: samples in a filter on the way down, odd.
        kernel_up: samples in a filter on the way up, odd.
        norm: after each convolution: none as in the papers, batch, or group (8 groups where
            ``channels`` can be divided by 8).
        output: ``direct`` gives the speech; ``difference`` gives the noise, which is subtracted
            from the input (Stoller et al., section 3.2.1).
        bottleneck: filters of the convolution below the last level (default: one level more).

    Raises:
        ValueError: a kernel is even, so that same padding is impossible.
    """

    def __init__(
        self,
        *,
        levels: Annotated[int, Field(ge=1, le=16)] = 9,
        channels: Size = 24,
        kernel_down: Size = 15,
        kernel_up: Size = 5,
        norm: Norm = "none",
        output: Literal["direct", "difference"] = "direct",
        bottleneck: Size | None = None,
    ) -> None:
        super().__init__()
        _require_odd(kernel_down=kernel_down, kernel_up=kernel_up)
        self.levels = levels
        self.output = output
        widths = [channels * i for i in range(1, levels + 1)]
        deepest = bottleneck or channels * (levels + 1)
        self.down = nn.ModuleList(
            Layer(before, width, kernel_down, norm)
            for before, width in zip([1, *widths], widths, strict=False)
        )
        self.bottom = Layer(widths[-1], deepest, kernel_down, norm)
        self.up = nn.ModuleList(
            UpLayer(below, width, kernel_up, norm)
            for below, width in zip([deepest, *widths[::-1]], widths[::-1], strict=False)
        )
        self.head = nn.Conv1d(channels + 1, 1, 1)

    def forward(self, noisy: Tensor) -> Tensor:
        """Estimate of the clean speech (batch, time) from (batch, time)."""
        length = noisy.shape[-1]
        padded = functional.pad(noisy, (0, self._padded(length) - length))
        x_BxTxC, skips = padded.unsqueeze(2), []
        for layer in self.down:
            assert isinstance(layer, Layer)
            same, x_BxTxC = layer.halved(x_BxTxC)
            skips.append(same)
        x_BxTxC = self.bottom(x_BxTxC)
        for layer in self.up:
            x_BxTxC = layer(x_BxTxC, skips.pop())
        features = torch.cat((x_BxTxC, padded.unsqueeze(2)), dim=2)
        mapped = functional.linear(features, self.head.weight.squeeze(2), self.head.bias)
        wave = torch.tanh(mapped).squeeze(2).float()
        if self.output == "difference":
            wave = padded - wave
        return wave[:, :length]

    def _padded(self, length: int) -> int:
        """The next m * 2^levels + 1: halved to its first sample, and doubled to its last one.

        m is at least 1, so that batch norm has two values on the lowest level.
        """
        stride: int = 2**self.levels
        return max(1, math.ceil((length - 1) / stride)) * stride + 1


def _require_odd(**kernels: int) -> None:
    even = [f"{name}={value}" for name, value in kernels.items() if value % 2 == 0]
    if even:
        raise ValueError(f"kernels must be odd, but got {', '.join(even)}")
