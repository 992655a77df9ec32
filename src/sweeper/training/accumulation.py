"""A batch in parts where the memory does not hold it at once, with the gradient of the whole."""

from __future__ import annotations

import gc
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor
    from torch.optim import Optimizer

__all__ = ["Accumulation"]

log = logging.getLogger("sweeper.training")


@dataclass(slots=True)
class Accumulation:
    """Sums gradients over parts of a batch.

    The gradient is that of the whole batch, since losses are means over their items, with two
    exceptions: batch norm sees the parts alone, and so does a loss that leaves silent items out.

    Attributes:
        size: segments in a part; None for the whole batch. Whenever the memory does not hold a
            part, it is halved for good.
    """

    size: int | None = None

    def backward(
        self,
        noisy: Tensor,
        clean: Tensor,
        loss: Callable[[Tensor, Tensor], Tensor],
        optimizer: Optimizer,
    ) -> Tensor:
        """Set the gradients to those of the mean ``loss(noisy, clean)`` over the batch; that loss.

        Raises:
            torch.OutOfMemoryError, RuntimeError: not even a single segment fits.
        """
        while True:
            optimizer.zero_grad(set_to_none=True)
            try:
                return self._summed(noisy, clean, loss)
            except RuntimeError as error:
                if not _is_out_of_memory(error) or self._segments(noisy) == 1:
                    raise
            # not in the handler, whose traceback keeps the tensors of the failed step
            self._halve(noisy)

    def _summed(
        self, noisy: Tensor, clean: Tensor, loss: Callable[[Tensor, Tensor], Tensor]
    ) -> Tensor:
        size, total = self._segments(noisy), torch.zeros((), device=noisy.device)
        for noisy_part, clean_part in zip(*_split((noisy, clean), size), strict=True):
            part = loss(noisy_part, clean_part) * (len(noisy_part) / len(noisy))
            part.backward()  # type: ignore[no-untyped-call]
            total += part.detach()
        return total

    def _segments(self, batch: Tensor) -> int:
        return min(self.size or len(batch), len(batch))

    def _halve(self, batch: Tensor) -> None:
        before = self._segments(batch)
        self.size = (before + 1) // 2
        gc.collect()
        torch.cuda.empty_cache()
        log.warning(
            "out of memory with %d segments at once: from now on %d at once, and gradients are "
            "accumulated over the same batches; batch norm, where there is any, sees the parts",
            before,
            self.size,
        )


def _split(tensors: tuple[Tensor, Tensor], size: int) -> list[tuple[Tensor, ...]]:
    return [torch.split(tensor, size) for tensor in tensors]


def _is_out_of_memory(error: RuntimeError) -> bool:
    # on a CPU torch raises a plain RuntimeError
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
