"""An average of the weights over the last steps: it swings less than the weights themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["WeightAverage"]

_Weights = tuple["Tensor", ...] | list["Tensor"]


class WeightAverage:
    """Exponential moving average of a model's weights (Polyak & Juditsky 1992, with a window).

    After step ``t`` the old average counts ``min(decay, (1 + t) / (10 + t))``, so that the initial
    weights are forgotten in some steps whatever ``decay`` is. Buffers, such as the running
    statistics of a batch norm, are those of the model.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        self._averaged = AveragedModel(model, multi_avg_fn=self._mix)

    @property
    def model(self) -> nn.Module:
        """The same network with the averaged weights."""
        found: nn.Module = self._averaged.module
        return found

    def update(self, model: nn.Module) -> None:
        """Count an optimizer step that ``model`` has just made."""
        self._averaged.update_parameters(model)

    def _mix(self, averaged: _Weights, current: _Weights, steps: Tensor | int) -> None:
        taken = int(steps)
        decay = min(self._decay, (1 + taken) / (10 + taken))
        get_ema_multi_avg_fn(decay)(averaged, current, steps)  # type: ignore[no-untyped-call]

    def state_dict(self) -> dict[str, Any]:
        """Averaged weights, buffers and the number of steps; tensors only."""
        return self._averaged.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where ``state_dict`` was taken."""
        self._averaged.load_state_dict(state)
