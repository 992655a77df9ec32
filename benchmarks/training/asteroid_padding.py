"""Sweeper's DPRNN, padded as asteroid pads: the only point in which the two differ.

Sweeper pads so that each sample lies in two frames and each frame in two chunks. asteroid pads no
waveform, and pads frames by a whole chunk on both sides, so that there are two chunks of nothing
but zeros, which the norms and the RNNs across chunks see.
"""

from __future__ import annotations

import types

from torch import Tensor, nn
from torch.nn import functional

from sweeper.models._chunks import chunk, overlap_add
from sweeper.models._dual_path import DualPathMasker
from sweeper.models._frontend import LearnedFrontEnd

__all__ = ["padded_like_asteroid"]


def padded_like_asteroid(model: nn.Module) -> nn.Module:
    """Change ``model``, a DPRNN with a learned encoder, in place."""
    front_end, masker = model.front_end, model.masker
    assert isinstance(front_end, LearnedFrontEnd)
    assert isinstance(masker, DualPathMasker)
    front_end.analyse = types.MethodType(_analyse, front_end)  # type: ignore[method-assign]
    front_end.synthesise = types.MethodType(_synthesise, front_end)  # type: ignore[method-assign]
    masker.forward = types.MethodType(_scores, masker)  # type: ignore[method-assign]
    return model


def _analyse(self: LearnedFrontEnd, wave: Tensor) -> Tensor:
    spectrum: Tensor = self.encoder(wave.unfold(-1, self.kernel_size, self.kernel_size // 2))
    return spectrum


def _synthesise(self: LearnedFrontEnd, spectrum: Tensor, length: int) -> Tensor:
    hop = self.kernel_size // 2
    halves = self.decoder(spectrum).unflatten(2, (2, hop))
    wave = functional.pad(halves[:, :, 0].flatten(1), (0, hop))
    wave = wave + functional.pad(halves[:, :, 1].flatten(1), (hop, 0))
    return functional.pad(wave, (0, length - wave.shape[1]))


def _scores(self: DualPathMasker, features: Tensor) -> Tensor:
    frames, size = features.shape[1], self.chunk
    assert size is not None
    hop = size // 2
    x_BxLxN = self.bottleneck(self.norm(features))
    padded = functional.pad(x_BxLxN, (0, 0, hop, -frames % hop or hop))
    chunks = self.blocks(chunk(padded, size))
    summed = overlap_add(self.prelu(chunks), padded.shape[1])[:, hop : hop + frames]
    y_BxLxN = functional.linear(summed, self.output.weight, 2 * self.output.bias)
    gated = self.value(y_BxLxN).tanh() * self.gate(y_BxLxN).sigmoid()
    scores: Tensor = self.score(gated)
    return scores
