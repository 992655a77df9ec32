"""Negative scale-invariant signal-to-distortion ratio."""

from __future__ import annotations

from torch import Tensor, nn

from sweeper.losses._energy import mean_ratio

__all__ = ["SiSdrLoss"]


class SiSdrLoss(nn.Module):
    """Negative SI-SDR in dB, the mean over the batch (Le Roux et al. 2019, arXiv 1811.02508).

    Means are removed first. The estimate's level, sign and offset change nothing, so an output
    must be brought to a level before it is listened to. Items whose clean signal is silent are
    left out.

    Args:
        ceiling: dB above which an item no longer pulls at the weights; None for no limit.
    """

    def __init__(self, *, ceiling: float | None = None) -> None:
        super().__init__()
        self.ceiling = ceiling

    def forward(self, estimate: Tensor, clean: Tensor) -> Tensor:
        """Scalar from two (batch, time)."""
        estimate, clean = _centred(estimate), _centred(clean)
        # Adding to the denominator only keeps a silent target from dividing by zero.
        scale = (estimate * clean).sum(-1, keepdim=True) / (
            clean.square().sum(-1, keepdim=True) + 1e-12
        )
        target = scale * clean
        return -mean_ratio(target, target - estimate, clean, self.ceiling)


def _centred(signal: Tensor) -> Tensor:
    signal = signal.float()
    return signal - signal.mean(-1, keepdim=True)
