"""The dual-path network that estimates a mask (Luo, Chen & Yoshioka 2020, arXiv 1910.06379)."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from sweeper.models._chunks import chunk, overlap_add

__all__ = ["DualPathMasker", "GlobalLayerNorm", "Rnn", "chunk_size"]

Rnn = Literal["lstm", "gru"]


def chunk_size(frames: int) -> int:
    """The even K nearest to sqrt(2 frames): chunks are then about as long as they are many.

    Section 2.3 of the paper: with 50 % overlap this minimises the steps a recurrent layer takes.
    """
    return max(2, 2 * round(math.sqrt(2 * frames) / 2))


class GlobalLayerNorm(nn.Module):
    """gLN: one mean and variance over everything in an item, gain and bias for each channel.

    Equation 4 of the paper, with the channels last.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (batch, ..., channels)."""
        # A small epsilon, so that quiet recordings are normalised as loud ones are.
        normal = functional.layer_norm(x, x.shape[1:], eps=1e-8)
        return torch.addcmul(self.bias, normal, self.weight)


class _Path(nn.Module):
    """A bidirectional RNN ``along`` one axis, linear layer, gLN and residual (eq. 2-6).

    In memory RNNs read their steps first, and norms the batch. Between these orders the features
    are copied here and nowhere else, also not within the RNN, whose output has more channels.
    """

    def __init__(self, along: int, rnn: Rnn, channels: int, hidden: int, dropout: float) -> None:
        super().__init__()
        kind = nn.LSTM if rnn == "lstm" else nn.GRU
        self.along = along
        self.rnn = kind(channels, hidden, bidirectional=True)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(2 * hidden, channels)
        self.norm = GlobalLayerNorm(channels)

    def forward(self, x_BxSxKxN: Tensor) -> Tensor:
        steps_first = x_BxSxKxN.movedim(self.along, 0)
        sequences = steps_first.flatten(1, 2)
        # cuDNN would run in fp16 under bf16 autocast, and small gradients would vanish.
        with torch.autocast(sequences.device.type, enabled=False):
            hidden, _ = self.rnn(sequences.float())
        update = self.linear(self.dropout(hidden)).view(steps_first.shape)
        out: Tensor = x_BxSxKxN + self.norm(update.movedim(0, self.along).contiguous())
        return out


class _Block(nn.Module):
    """One DPRNN block: along each chunk, then across the chunks (section 2.2)."""

    def __init__(self, rnn: Rnn, channels: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.intra = _Path(2, rnn, channels, hidden, dropout)
        self.inter = _Path(1, rnn, channels, hidden, dropout)

    def forward(self, x_BxSxKxN: Tensor) -> Tensor:
        out: Tensor = self.inter(self.intra(x_BxSxKxN))
        return out


class DualPathMasker(nn.Module):
    """Scores of a mask (batch, frames, scores) from (batch, frames, features).

    gLN, bottleneck, chunks, DPRNN blocks, PReLU and 1x1 convolution, overlap-add, gate
    (tanh times sigmoid), 1x1 convolution. 1x1 convolutions are linear layers here, since the
    channels come last.
    """

    def __init__(
        self,
        features: int,
        scores: int,
        *,
        bottleneck: int,
        hidden: int,
        layers: int,
        chunk: int | None,
        rnn: Rnn,
        dropout: float,
    ) -> None:
        super().__init__()
        self.chunk = chunk
        self.norm = GlobalLayerNorm(features)
        self.bottleneck = nn.Linear(features, bottleneck)
        self.blocks = nn.Sequential(
            *(_Block(rnn, bottleneck, hidden, dropout) for _ in range(layers))
        )
        self.prelu = nn.PReLU()
        self.output = nn.Linear(bottleneck, bottleneck)
        self.value = nn.Linear(bottleneck, bottleneck)
        self.gate = nn.Linear(bottleneck, bottleneck)
        self.score = nn.Linear(bottleneck, scores, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        frames = features.shape[1]
        x_BxLxN = self.bottleneck(self.norm(features))
        chunks = self.blocks(chunk(x_BxLxN, self.chunk or chunk_size(frames)))
        # the linear layer on the sum, which has half as many positions, each from two chunks
        summed = overlap_add(self.prelu(chunks), frames)
        y_BxLxN = functional.linear(summed, self.output.weight, 2 * self.output.bias)
        gated = torch.tanh(self.value(y_BxLxN)) * torch.sigmoid(self.gate(y_BxLxN))
        scores: Tensor = self.score(gated)
        return scores
