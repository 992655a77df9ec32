"""Negative signal-to-noise ratio."""

from __future__ import annotations

from torch import Tensor, nn

from sweeper.losses._energy import mean_ratio

__all__ = ["SnrLoss"]


class SnrLoss(nn.Module):
    """Negative SNR in dB, the mean over the batch: unlike SI-SDR it keeps the level.

    Items whose clean signal is silent are left out.

    Args:
        ceiling: dB above which an item no longer pulls at the weights; None for no limit.
    """

    def __init__(self, *, ceiling: float | None = None) -> None:
        super().__init__()
        self.ceiling = ceiling

    def forward(self, estimate: Tensor, clean: Tensor) -> Tensor:
        """Scalar from two (batch, time)."""
        clean = clean.float()
        return -mean_ratio(clean, clean - estimate.float(), clean, self.ceiling)
