"""Mean absolute error of the waveform."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["L1Loss"]


class L1Loss(nn.Module):
    """Mean absolute difference of the samples."""

    def forward(self, estimate: Tensor, clean: Tensor) -> Tensor:
        """Scalar from two (batch, time)."""
        return (estimate.float() - clean.float()).abs().mean()
