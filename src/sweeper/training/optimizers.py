"""The optimizer that the training options name, and the warm-up of its learning rate."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch import optim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from sweeper.training.options import TrainingOptions

__all__ = ["build_optimizer", "warmed_up"]


def build_optimizer(model: nn.Module, options: TrainingOptions) -> optim.Optimizer:
    """The optimizer over the trainable parameters of ``model``, which lies on its device already.

    Raises:
        ValueError: nothing in the model can be trained.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    if not parameters:
        raise ValueError(f"{type(model).__name__} has no parameters to train")
    lr, decay, fused = options.lr, options.weight_decay, _can_be_fused(parameters)
    match options.optimizer:
        case "adam":
            return optim.Adam(parameters, lr, options.betas, weight_decay=decay, fused=fused)
        case "adamw":
            return optim.AdamW(parameters, lr, options.betas, weight_decay=decay, fused=fused)
        case "sgd":
            return optim.SGD(parameters, lr, options.momentum, weight_decay=decay, fused=fused)


def _can_be_fused(parameters: list[nn.Parameter]) -> bool:
    """Whether one kernel can update all parameters, in place of several for each of them."""
    return all(p.device.type in ("cpu", "cuda") and p.is_floating_point() for p in parameters)


@contextmanager
def warmed_up(optimizer: optim.Optimizer, step: int, warmup_steps: int) -> Iterator[None]:
    """Within, the learning rates are those of ``step`` (from 1) in a linear warm-up.

    Outside they are the schedule's, which thus needs to know nothing of a warm-up.
    """
    if step >= warmup_steps:
        yield
        return
    full = [group["lr"] for group in optimizer.param_groups]
    for group, lr in zip(optimizer.param_groups, full, strict=True):
        group["lr"] = lr * step / warmup_steps
    try:
        yield
    finally:
        for group, lr in zip(optimizer.param_groups, full, strict=True):
            group["lr"] = lr
