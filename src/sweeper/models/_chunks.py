"""Cutting a sequence into chunks that overlap by half, and adding them up again.

The segmentation of DPRNN (Luo et al. 2020, section 2.1) and the framing of a filterbank whose
stride is half its kernel are the same operation.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["chunk", "overlap_add", "require_even"]


def chunk(x: Tensor, size: int) -> Tensor:
    """Cut (batch, length, channels) into (batch, chunks, size, channels); ``size`` is even.

    The ends are zero-padded so that every position lies in exactly two chunks.
    """
    hop = size // 2
    padded = functional.pad(x, (0, 0, hop, hop + -x.shape[1] % hop))
    halves = padded.view(len(x), -1, hop, x.shape[2])
    return torch.cat((halves[:, :-1], halves[:, 1:]), dim=2)


def overlap_add(chunks: Tensor, length: int) -> Tensor:
    """Sum what ``chunk`` cut, back to (batch, length, channels); untouched chunks give 2 x."""
    first, second = chunks.chunk(2, dim=2)
    # The first half of the first chunk and the second half of the last hold padding only.
    summed = second[:, :-1] + first[:, 1:]
    return summed.flatten(1, 2)[:, :length]


def require_even(name: str, value: int) -> None:
    """Raise ValueError unless ``value`` is even and positive: its half is a hop."""
    if value < 2 or value % 2:
        raise ValueError(f"{name} must be even and at least 2, but got {name}={value}")
