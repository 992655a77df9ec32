"""Distance of magnitude spectra at three resolutions."""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from sweeper.losses._energy import audible

__all__ = ["MultiResolutionStftLoss"]

FLOOR = 1e-4
"""Least magnitude; digital silence has no logarithm."""


class MultiResolutionStftLoss(nn.Module):
    """Spectral convergence and log-magnitude distance, the mean over three resolutions.

    Yamamoto, Song & Kim 2020 (arXiv 1910.11480), equations 2 to 4: frames of ``n_fft`` / 2,
    ``n_fft`` and 2 ``n_fft`` samples; with 1024 these are the paper's. Hann windows as long as the
    frame, a quarter of it between frames. Phases are not compared. Each item has its own spectral
    convergence, so that batches do not change what an item is worth; where the clean signal is
    silent it is left out.

    Args:
        n_fft: samples in a frame at the middle resolution.
    """

    def __init__(self, *, n_fft: Annotated[int, Field(ge=16, multiple_of=8)] = 1024) -> None:
        super().__init__()
        self.sizes = (n_fft // 2, n_fft, 2 * n_fft)
        for size in self.sizes:
            self.register_buffer(f"window_{size}", torch.hann_window(size), persistent=False)

    def forward(self, estimate: Tensor, clean: Tensor) -> Tensor:
        """Scalar from two (batch, time)."""
        estimate, clean = estimate.float(), clean.float()
        counted = audible(clean)
        distances = [self._distance(estimate, clean, counted, size) for size in self.sizes]
        return torch.stack(distances).mean()

    def _distance(self, estimate: Tensor, clean: Tensor, counted: Tensor, size: int) -> Tensor:
        estimate, clean = self._magnitudes(estimate, size), self._magnitudes(clean, size)
        error = torch.linalg.vector_norm(clean - estimate, dim=(1, 2))
        energy = torch.linalg.vector_norm(clean, dim=(1, 2))
        convergence = torch.where(counted, error / energy, 0.0)
        return convergence.mean() + (clean.log() - estimate.log()).abs().mean()

    def _magnitudes(self, signal: Tensor, size: int) -> Tensor:
        """(batch, bins, frames) from (batch, time), at least ``FLOOR``."""
        spectra = torch.stft(
            signal,
            size,
            size // 4,
            window=self.get_buffer(f"window_{size}"),
            pad_mode="constant",
            return_complex=True,
        )
        return torch.view_as_real(spectra).square().sum(-1).clamp(min=FLOOR**2).sqrt()
