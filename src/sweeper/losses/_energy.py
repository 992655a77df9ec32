"""What the losses share: silence, and ratios of energies in decibels."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["audible", "mean_ratio"]

SILENCE = 1e-10
"""Mean square up to which a signal counts as silent: -100 dB of full scale."""
EPSILON = 1e-8
"""Added to energies, so that gradients stay finite; a millionth of a very quiet second's."""


def audible(clean: Tensor) -> Tensor:
    """Which items of (batch, time) are not silent, (batch,)."""
    return clean.square().mean(-1) > SILENCE


def mean_ratio(signal: Tensor, error: Tensor, clean: Tensor, ceiling: float | None) -> Tensor:
    """Mean over a batch of 10 log10(energy of ``signal`` / energy of ``error``), (batch, time).

    A ratio to a silent ``clean`` says nothing, so such items are left out; the mean of none is 0.
    Items above ``ceiling`` dB count as ``ceiling`` and have no gradient.
    """
    energies = signal.square().sum(-1) + EPSILON, error.square().sum(-1) + EPSILON
    decibels = 10 * (energies[0].log10() - energies[1].log10())
    if ceiling is not None:
        decibels = decibels.clamp(max=ceiling)
    counted = audible(clean)
    return torch.where(counted, decibels, 0.0).sum() / counted.sum().clamp(min=1)
