"""Scale-invariant signal-to-distortion ratio."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import normalize

__all__ = ["si_sdr"]

DECIBELS = 10 / math.log(10)


def si_sdr(estimate: Tensor, clean: Tensor) -> Tensor:
    """SI-SDR of each item in dB, (...,) from two (..., time), means removed, float64.

    Le Roux et al. 2019 (arXiv 1811.02508). It is r^2 / (1 - r^2) with the correlation r of the
    two, computed so because a constant estimate, as a dead network gives, then has the lowest
    value there is; torchmetrics, otherwise equal, gives it 0 dB, better than noise. Values end at
    -100 and 100 dB. Where ``clean`` is silent (a constant) the ratio is undefined and the value is
    NaN: average with ``nanmean``.
    """
    silent = (clean == clean[..., :1]).all(dim=-1)
    dead = (estimate == estimate[..., :1]).all(dim=-1)
    estimate, clean = _direction(estimate), _direction(clean)
    explained = (estimate * clean).sum(-1).square().masked_fill(dead, 0)
    decibels = DECIBELS * torch.logit(explained, eps=1e-10)
    return decibels.masked_fill(silent, torch.nan)


def _direction(signal: Tensor) -> Tensor:
    """``signal`` without its mean, of length 1."""
    signal = signal.double()
    return normalize(signal - signal.mean(dim=-1, keepdim=True), dim=-1, eps=1e-300)
