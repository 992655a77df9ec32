"""What an estimate gains over the noisy input."""

from __future__ import annotations

from torch import Tensor

from sweeper.metrics.si_sdr import si_sdr

__all__ = ["si_sdr_improvement"]


def si_sdr_improvement(estimate: Tensor, clean: Tensor, noisy: Tensor) -> Tensor:
    """SI-SDR of ``estimate`` minus that of ``noisy``, in dB, (...,) from three (..., time).

    NaN where ``clean`` is silent.
    """
    return si_sdr(estimate, clean) - si_sdr(noisy, clean)
