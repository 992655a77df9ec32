"""Perceptual evaluation of speech quality."""

from __future__ import annotations

import math

from torch import Tensor
from torchaudio.functional import resample  # type: ignore[import-untyped]

from sweeper.metrics._items import of_each

__all__ = ["pesq"]

_RATE = 16000  # of wideband PESQ, in Hz


def pesq(estimate: Tensor, clean: Tensor, sample_rate: int) -> Tensor:
    """Wideband PESQ of each item, (...,) from two (..., time), 1.0 to 4.64, float64, on the CPU.

    ITU-T P.862.2, by the package `pesq`; other sample rates than 16 kHz are resampled to it. NaN
    where it finds no speech, or less than a quarter of a second.

    Raises:
        ImportError: the package ``pesq`` is not installed.
    """
    from pesq import pesq as measure  # type: ignore[import-not-found, import-untyped, unused-ignore]

    if sample_rate != _RATE:
        estimate, clean = (resample(x.float(), sample_rate, _RATE) for x in (estimate, clean))

    def one(estimate_T: Tensor, clean_T: Tensor) -> float:
        try:
            return float(measure(_RATE, clean_T.numpy(), estimate_T.numpy(), "wb"))
        except (RuntimeError, ValueError):  # no utterances, too short
            return math.nan

    return of_each(one, estimate, clean)
