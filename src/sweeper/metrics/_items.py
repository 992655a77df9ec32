"""Measures that know one recording at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["of_each"]

_SILENT = 1e-10  # mean power (-100 dB full scale)


def of_each(measure: Callable[[Tensor, Tensor], float], estimate: Tensor, clean: Tensor) -> Tensor:
    """``measure(estimate, clean)`` of each item, (...,) from two (..., time), float64, on the CPU.

    NaN, unmeasured, where either is silent or not finite: the packages crash on such items.
    """
    estimates = estimate.detach().cpu().double().reshape(-1, estimate.shape[-1])
    cleans = clean.detach().cpu().double().reshape(-1, clean.shape[-1])
    values = [
        measure(e, c) if _audible(e) and _audible(c) else math.nan
        for e, c in zip(estimates, cleans, strict=True)
    ]
    return torch.tensor(values, dtype=torch.float64).reshape(estimate.shape[:-1])


def _audible(signal: Tensor) -> bool:
    return bool(signal.isfinite().all()) and signal.square().mean().item() > _SILENT
