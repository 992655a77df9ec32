"""Scale-invariant signal-to-distortion ratio."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["si_sdr"]

EPSILON = torch.finfo(torch.float64).eps


def si_sdr(estimate: Tensor, clean: Tensor) -> Tensor:
    """SI-SDR of each item in dB, (batch,) from two (batch, time), means removed, float64.

    Le Roux et al. 2019 (arXiv 1811.02508). Equal to torchmetrics' with ``zero_mean=True`` in
    float64, which takes as long to import as torch itself. Where ``clean`` is silent (a constant)
    the ratio is undefined and the value is NaN: average with ``nanmean``. A silent estimate of an
    audible ``clean`` has 0 dB.
    """
    silent = (clean == clean[..., :1]).all(dim=-1)
    estimate, clean = _centred(estimate), _centred(clean)
    scale = ((estimate * clean).sum(-1) + EPSILON) / (clean.square().sum(-1) + EPSILON)
    target = scale.unsqueeze(-1) * clean
    signal = target.square().sum(-1) + EPSILON
    distortion = (target - estimate).square().sum(-1) + EPSILON
    return torch.where(silent, torch.nan, 10 * torch.log10(signal / distortion))


def _centred(signal: Tensor) -> Tensor:
    signal = signal.double()
    return signal - signal.mean(dim=-1, keepdim=True)
