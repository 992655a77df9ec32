"""Batches on the device that trains; for a GPU drawn and copied ahead of their use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import torch
    from torch import Tensor

__all__ = ["ahead", "feed"]

Item = TypeVar("Item")
Batch = tuple["Tensor", "Tensor"]


def feed(batches: Iterable[Batch], device: torch.device) -> Iterator[Batch]:
    """The ``batches``, each of two tensors on the CPU, on ``device``."""
    if device.type == "cpu":
        yield from batches
        return
    yield from ahead((_copied(a, device), _copied(b, device)) for a, b in batches)


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same ``items``; the next one is made in a thread while the caller works on this one."""
    source, end = iter(items), object()
    with ThreadPoolExecutor(1, thread_name_prefix="feed") as thread:
        upcoming = thread.submit(next, source, end)
        while (item := upcoming.result()) is not end:
            upcoming = thread.submit(next, source, end)
            yield item  # type: ignore[misc]


def _copied(tensor: Tensor, device: torch.device) -> Tensor:
    """From pinned memory, so that the GPU fetches it without holding up this thread."""
    return tensor.pin_memory().to(device, non_blocking=True)
