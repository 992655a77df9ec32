"""Conv-TasNet for speech enhancement, torchaudio's with one output."""

from __future__ import annotations

from typing import Annotated, Literal

import torchaudio.models  # type: ignore[import-untyped]
from pydantic import Field
from torch import Tensor, nn

from sweeper.models._chunks import require_even
from sweeper.models._options import Depth, Even, Size

__all__ = ["ConvTasNet"]


class ConvTasNet(nn.Module):
    """Conv-TasNet, not causal (Luo & Mesgarani 2019, arXiv 1809.07454), with one output.

    Convolutions inside the blocks have three taps, P = 3.

    Args:
        n_filters: features of the encoder, N.
        kernel_size: samples in a filter of the encoder, L, even; the stride is half.
        bottleneck: features between the convolution blocks, and of their skips, B = Sc.
        hidden: features inside a block, H.
        layers: blocks in a stack, X; their dilations double from 1.
        stacks: how often the stack repeats, R.
        mask: activation of the mask.

    Raises:
        ValueError: ``kernel_size`` is odd.
    """

    def __init__(
        self,
        *,
        n_filters: Size = 512,
        kernel_size: Even = 16,
        bottleneck: Size = 128,
        hidden: Size = 512,
        layers: Annotated[int, Field(gt=0, le=24)] = 8,
        stacks: Depth = 3,
        mask: Literal["sigmoid", "relu"] = "sigmoid",
    ) -> None:
        super().__init__()
        require_even("kernel_size", kernel_size)
        self.network = torchaudio.models.ConvTasNet(
            num_sources=1,
            enc_kernel_size=kernel_size,
            enc_num_feats=n_filters,
            msk_kernel_size=3,  # torchaudio pads for no other
            msk_num_feats=bottleneck,
            msk_num_hidden_feats=hidden,
            msk_num_layers=layers,
            msk_num_stacks=stacks,
            msk_activate=mask,
        )

    def forward(self, noisy: Tensor) -> Tensor:
        """Estimate of the clean speech (batch, time) from (batch, time)."""
        estimate: Tensor = self.network(noisy.unsqueeze(1))
        return estimate[:, 0].float()
