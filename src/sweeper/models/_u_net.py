"""The layers of Wave-U-Net."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from sweeper.models._convolution import SLOPE, convolved, halved, inputs_last

__all__ = ["Layer", "Norm", "UpLayer", "interpolating"]

Norm = Literal["none", "batch", "group"]
_FEW = 300  # samples in a batch; making filters that interpolate costs more than it saves


class Layer(nn.Sequential):
    """Same-padded convolution, norm and LeakyReLU of (batch, time, channels)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, norm: Norm) -> None:
        convolution = nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2)
        convolution.weight.data = inputs_last(convolution.weight.data)
        layers: list[nn.Module] = [convolution]
        if norm == "batch":
            layers.append(nn.BatchNorm1d(outputs))
        elif norm == "group":
            layers.append(nn.GroupNorm(math.gcd(outputs, 8), outputs))
        super().__init__(*layers, nn.LeakyReLU(SLOPE, inplace=True))

    def forward(self, x_BxTxC: Tensor) -> Tensor:
        return self.activated(self._convolved(x_BxTxC))

    def halved(self, x_BxTxC: Tensor) -> tuple[Tensor, Tensor]:
        """The layer's output, and its every other sample."""
        return halved(self._normed(self._convolved(x_BxTxC)))

    def activated(self, y_BxTxC: Tensor) -> Tensor:
        """What comes after the convolution."""
        out: Tensor = self[-1](self._normed(y_BxTxC))
        return out

    def weights(self) -> tuple[Tensor, Tensor | None]:
        """Filters (outputs, inputs, taps) and bias."""
        convolution = self[0]
        assert isinstance(convolution, nn.Conv1d)
        return convolution.weight, convolution.bias

    def _convolved(self, x_BxTxC: Tensor) -> Tensor:
        weight, bias = self.weights()
        return convolved(x_BxTxC, weight, bias, weight.shape[-1] // 2)

    def _normed(self, y_BxTxC: Tensor) -> Tensor:
        _, *norms, _ = self
        for norm in norms:
            y_BxTxC = norm(y_BxTxC.transpose(1, 2)).transpose(1, 2)
        return y_BxTxC


class UpLayer(Layer):
    """A layer over the features below at twice their rate, concatenated with those of its rate.

    Linear interpolation from T to 2 T - 1 samples and the convolution after it are both linear. So
    the features below, but for short ones, are convolved at their own rate with filters that
    interpolate by themselves, one for the samples that are kept and one for those between: a fifth
    fewer products with a kernel of 5, and nothing is copied to interpolate or concatenate.
    """

    phases: Tensor

    def __init__(self, below: int, same: int, kernel: int, norm: Norm) -> None:
        super().__init__(below + same, same, kernel, norm)
        self.below = below
        self.register_buffer("phases", interpolating(kernel), persistent=False)

    def forward(self, below_BxTxC: Tensor, same_BxTxC: Tensor) -> Tensor:  # type: ignore[override]
        if below_BxTxC.shape[0] * below_BxTxC.shape[1] < _FEW:
            doubled = _doubled(below_BxTxC)
            return super().forward(torch.cat((doubled, same_BxTxC), dim=2))
        weight, bias = self.weights()
        sizes = [self.below, weight.shape[1] - self.below]
        weight, same_weight = torch.split(weight, sizes, dim=1)
        y_BxTxC = convolved(same_BxTxC, same_weight, bias, weight.shape[-1] // 2)
        y_BxTxC = y_BxTxC + self._interpolated(below_BxTxC, weight)
        ends = _beyond_the_ends(below_BxTxC, weight, y_BxTxC.shape[1])
        return self.activated(y_BxTxC.index_add_(1, *ends, alpha=-1))

    def _interpolated(self, x_BxTxC: Tensor, weight: Tensor) -> Tensor:
        """Convolution of the interpolated features (batch, 2 T - 1, channels), but for the ends."""
        outputs, _, kernel = weight.shape
        taps, length = self.phases.shape[1], 2 * x_BxTxC.shape[1] - 1
        before = (kernel // 2 + 1) // 2
        padding = max(before, taps - 1 - before)  # on both sides, and then too many outputs
        filters = torch.cat([phase @ weight.transpose(1, 2) for phase in self.phases])
        y_BxTx2C = convolved(x_BxTxC, filters.transpose(1, 2), None, padding)
        # the two outputs of a sample, one behind the other, lie in memory in the order of time
        return y_BxTx2C.reshape(len(y_BxTx2C), -1, outputs).narrow(
            1, 2 * (padding - before), length
        )


def interpolating(kernel: int) -> Tensor:
    """Both phases' filters from one with ``kernel`` taps that follows an interpolation.

    It multiplies that filter from the left: (2, taps, kernel). A tap meets sample m of the
    interpolated features, counted from the output; even ones are the features' own samples, odd
    ones the mean of two.
    """
    half = kernel // 2
    before = (half + 1) // 2
    phases = torch.zeros(2, before + (half + 2) // 2 + 1, kernel)
    for phase in range(2):
        for tap in range(kernel):
            m = phase + tap - half
            for sample in (m // 2, -(-m // 2)):
                phases[phase, before + sample, tap] += 0.5
    return phases


def _doubled(x_BxTxC: Tensor) -> Tensor:
    """Linear interpolation to (batch, 2 T - 1, channels)."""
    x_BxCxT, size = x_BxTxC.transpose(1, 2), 2 * x_BxTxC.shape[1] - 1
    doubled = functional.interpolate(x_BxCxT, size=size, mode="linear", align_corners=True)
    return doubled.transpose(1, 2)


def _beyond_the_ends(x_BxTxC: Tensor, weight: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """What `UpLayer._interpolated` counts too much: positions, and (batch, positions, channels).

    Interpolated between the first or last sample and the zeros around them, the sample just beyond
    either end is half of the first or last one, where same padding has zero.
    """
    half = weight.shape[-1] // 2
    reach = min(half, length)
    first, last = x_BxTxC[:, 0] / 2, x_BxTxC[:, -1] / 2
    at_start = torch.einsum("bi,oik->bko", first, weight[..., half - reach : half])
    at_end = torch.einsum("bi,oik->bko", last, weight[..., half + 1 : half + 1 + reach])
    here = torch.arange(length, device=weight.device)
    positions = torch.cat((here[:reach], here[length - reach :]))
    return positions, torch.cat((at_start.flip(1), at_end.flip(1)), dim=1)
