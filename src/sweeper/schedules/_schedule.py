"""What the training loop asks of a schedule, and how torch's epoch schedules fit it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch.optim.lr_scheduler import LRScheduler

__all__ = ["EpochSchedule", "Schedule"]


class Schedule(Protocol):
    """Sets the learning rates of its optimizer from epoch to epoch."""

    def step(self, val_loss: float, /) -> None:
        """End an epoch that gave ``val_loss``; the next epoch trains with the new rate."""

    def state_dict(self) -> dict[str, Any]:
        """Tensors and plain containers only."""

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Continue where ``state_dict`` was taken."""


class EpochSchedule:
    """A schedule that looks at the number of the epoch and not at the validation loss."""

    def __init__(self, scheduler: LRScheduler) -> None:
        self._scheduler = scheduler

    def step(self, _val_loss: float, /) -> None:
        self._scheduler.step()

    def state_dict(self) -> dict[str, Any]:
        state: dict[str, Any] = self._scheduler.state_dict()
        return state

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        self._scheduler.load_state_dict(state)
