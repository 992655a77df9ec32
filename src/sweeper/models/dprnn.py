"""DPRNN for speech enhancement: a dual-path RNN masks a learned or Fourier representation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn

from sweeper.models._chunks import require_even
from sweeper.models._dual_path import DualPathMasker, Rnn
from sweeper.models._frontend import LearnedFrontEnd, StftFrontEnd
from sweeper.models._options import Depth, Even, Size

__all__ = ["DPRNN"]

Mask = Literal["sigmoid", "relu"]


class DPRNN(nn.Module):
    """Dual-path RNN (Luo, Chen & Yoshioka 2020, arXiv 1910.06379) with one output.

    The defaults are the paper's model with a kernel of 16: 2.6 M parameters. As in the paper the
    output of every chunk position depends on the whole recording. The estimate scales with the
    input's level.

    Args:
        encoder: ``learned`` is TasNet's convolution; ``stft`` masks complex spectra.
        n_filters: features of the learned encoder, N (default 64).
        kernel_size: samples in a filter of the learned encoder; its stride is half (default 16).
        mask: activation of the learned encoder's mask (default sigmoid).
        n_fft: samples in a frame of the STFT (default 512).
        hop: samples between frames of the STFT, at most half a frame (default n_fft // 4).
        bottleneck: features inside the dual-path blocks.
        hidden: units of each direction of each RNN, H.
        layers: dual-path blocks, R, each with one RNN within and one across chunks.
        chunk: frames in a chunk, K; ``auto`` is about sqrt(2 frames) for each input, so that the
            RNNs take the fewest steps.
        rnn: ``lstm`` or ``gru``.
        dropout: probability of dropping an RNN's output in training.

    Raises:
        ValueError: an option of the other encoder is given, ``hop`` exceeds half a frame, or a
            size that is halved is odd.
    """

    def __init__(
        self,
        *,
        encoder: Literal["learned", "stft"] = "learned",
        n_filters: Size | None = None,
        kernel_size: Even | None = None,
        mask: Mask | None = None,
        n_fft: Even | None = None,
        hop: Size | None = None,
        bottleneck: Size = 64,
        hidden: Size = 128,
        layers: Depth = 6,
        chunk: Literal["auto"] | Even = "auto",
        rnn: Rnn = "lstm",
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
    ) -> None:
        super().__init__()
        learned = {"n_filters": n_filters, "kernel_size": kernel_size, "mask": mask}
        stft = {"n_fft": n_fft, "hop": hop}
        self.front_end: LearnedFrontEnd | StftFrontEnd
        if encoder == "learned":
            _reject(encoder, stft)
            self.front_end = LearnedFrontEnd(n_filters or 64, kernel_size or 16, mask or "sigmoid")
        else:
            _reject(encoder, learned)
            n_fft = n_fft or 512
            self.front_end = StftFrontEnd(n_fft, hop or n_fft // 4)
        if chunk != "auto":
            require_even("chunk", chunk)
        self.masker = DualPathMasker(
            self.front_end.features,
            self.front_end.scores,
            bottleneck=bottleneck,
            hidden=hidden,
            layers=layers,
            chunk=None if chunk == "auto" else chunk,
            rnn=rnn,
            dropout=dropout,
        )

    def forward(self, noisy: Tensor) -> Tensor:
        """Estimate of the clean speech (batch, time) from (batch, time)."""
        spectrum = self.front_end.analyse(noisy)
        scores = self.masker(self.front_end.describe(spectrum))
        estimate = self.front_end.mask(spectrum, scores)
        return self.front_end.synthesise(estimate, noisy.shape[-1]).float()


def _reject(encoder: str, options: Mapping[str, object]) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise ValueError(f"encoder {encoder!r} has no option {', '.join(given)}")
