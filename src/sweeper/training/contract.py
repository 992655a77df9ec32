"""What a network must do to be trained here: (batch, time) in, (batch, time) out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sweeper.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["checked", "try_out"]

_HINT = "a model takes noisy waveforms (batch, time), no channel axis, and gives an estimate alike"


def checked(estimate: object, noisy: Tensor, model: Callable[[Tensor], Tensor]) -> Tensor:
    """``estimate``, that ``model`` gave for ``noisy`` (batch, time).

    Losses broadcast, so a wrong shape would train in silence on something else.

    Raises:
        ModelError: it is no real tensor of the same shape.
    """
    if isinstance(estimate, Tensor) and estimate.shape == noisy.shape:
        if estimate.is_floating_point():
            return estimate
        found = f"values of {estimate.dtype}"
    elif isinstance(estimate, Tensor):
        found = f"shape {tuple(estimate.shape)}"
    else:
        found = f"a {type(estimate).__name__}"
    raise ModelError(
        f"{_name(model)} gave {found} for an input of shape {tuple(noisy.shape)}; {_HINT}"
    )


@torch.no_grad()
def try_out(model: nn.Module, frames: int) -> None:
    """Run ``model`` once on two segments of noise, ``frames`` samples each.

    Raises:
        ModelError: it fails on them, or gives something else than an estimate.
    """
    noisy = 0.1 * torch.randn(2, frames, generator=torch.Generator().manual_seed(0))
    try:
        estimate = model.eval()(noisy)
    except Exception as error:  # a model of the user's own may fail in any way
        raise ModelError(
            f"{_name(model)} fails on an input of shape {tuple(noisy.shape)}: "
            f"{type(error).__name__}: {error}; {_HINT}"
        ) from error
    checked(estimate, noisy, model)


def _name(model: object) -> str:
    return type(model).__name__ if isinstance(model, nn.Module) else repr(model)
