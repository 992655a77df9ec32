"""Wave-U-Net as the papers' table says it, layer by layer, with PyTorch's own operations."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["WaveUNetPort"]


class WaveUNetPort(nn.Module):
    """Stoller et al. 2018 (arXiv 1806.03185), table 1, same-padded and with one output.

    Parameters have the names and shapes of `sweeper.models.wave_unet.WaveUNet`, so that both can
    start from the same weights. Inputs are m * 2^levels + 1 samples long, else nothing is padded.
    """

    def __init__(self, levels: int, channels: int) -> None:
        super().__init__()
        widths = [channels * i for i in range(1, levels + 2)]
        down = zip([1, *widths], widths[:-1], strict=False)
        up = zip(widths[:0:-1], widths[-2::-1], strict=True)
        self.down = nn.ModuleList(_layer(i, o, 15) for i, o in down)
        self.bottom = _layer(widths[-2], widths[-1], 15)
        self.up = nn.ModuleList(_layer(below + same, same, 5) for below, same in up)
        self.head = nn.Conv1d(channels + 1, 1, 1)

    def forward(self, noisy: Tensor) -> Tensor:
        """Estimate (batch, time) from (batch, time)."""
        x = wave = noisy.unsqueeze(1)
        skips = []
        for layer in self.down:
            x = layer(x)
            skips.append(x)
            x = x[:, :, ::2]
        x = self.bottom(x)
        for layer in self.up:
            size = 2 * x.shape[-1] - 1
            x = functional.interpolate(x, size=size, mode="linear", align_corners=True)
            x = layer(torch.cat((x, skips.pop()), dim=1))
        estimate: Tensor = torch.tanh(self.head(torch.cat((x, wave), dim=1)))
        return estimate[:, 0]


def _layer(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2), nn.LeakyReLU(0.2))
