"""Convolution of sequences with the channels last in memory, and what comes right after it.

The libraries of CPUs and GPUs convolve in that order, and reorder before and after what comes
otherwise. PyTorch passes the order on for images only, so sequences are given as images.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["SLOPE", "convolved", "halved", "inputs_last"]

SLOPE = 0.2  # of LeakyReLU below zero
_SHORT = 32  # samples; with fewer, the library takes longer to begin an image than to convolve it


def inputs_last(weight: Tensor) -> Tensor:
    """The same filters (outputs, inputs, taps), in memory (outputs, taps, inputs).

    So convolutions read them. In PyTorch's own order each step copies all filters to this one, and
    their gradients back: for 10 M parameters a twentieth of the time.
    """
    return weight.transpose(1, 2).contiguous().transpose(1, 2)


def convolved(x_BxTxC: Tensor, weight: Tensor, bias: Tensor | None, padding: int) -> Tensor:
    """Convolution of (batch, time, channels) with a ``weight`` as `torch.nn.Conv1d` has it."""
    if x_BxTxC.shape[2] == 1:
        return _filtered(x_BxTxC, weight, bias, padding)
    filters = weight.unsqueeze(2).contiguous(memory_format=torch.channels_last)
    # each sequence an image one line high, or each one a line of a single image
    lines = 0 if x_BxTxC.shape[1] < _SHORT else 1
    image = x_BxTxC.contiguous().unsqueeze(lines).permute(0, 3, 1, 2)
    y = functional.conv2d(image, filters, bias, padding=(0, padding))
    return y.permute(0, 2, 3, 1).squeeze(lines)


def _filtered(x_BxTx1: Tensor, weight: Tensor, bias: Tensor | None, padding: int) -> Tensor:
    """Convolution of one channel, as a product of matrices: four times as fast."""
    padded = functional.pad(x_BxTx1.squeeze(2), (padding, padding))
    windows_BxTxK = padded.unfold(1, weight.shape[-1], 1)
    return functional.linear(windows_BxTxK, weight.squeeze(1), bias)


def halved(x_BxTxC: Tensor) -> tuple[Tensor, Tensor]:
    """LeakyReLU of (batch, time, channels), and a copy of its every other sample."""
    activated, half = _Halved.apply(x_BxTxC)  # type: ignore[no-untyped-call]
    return activated, half


class _Halved(torch.autograd.Function):
    """The gradients of both outputs meet in one tensor, and no zeros are filled in between."""

    @staticmethod
    def forward(ctx: Any, x_BxTxC: Tensor) -> tuple[Tensor, Tensor]:
        activated = functional.leaky_relu(x_BxTxC, SLOPE)
        half = activated[:, ::2].contiguous()
        ctx.save_for_backward(activated, half)
        return activated, half

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        whole, half = (
            torch.ops.aten.leaky_relu_backward(gradient, output, SLOPE, self_is_result=True)
            for gradient, output in zip(gradients, ctx.saved_tensors, strict=True)
        )
        whole[:, ::2] += half
        return whole  # type: ignore[no-any-return]
