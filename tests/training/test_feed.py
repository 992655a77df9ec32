"""Batches made ahead: the same ones, in order, and faults come through."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from sweeper.training.feed import ahead, feed


def test_a_cpu_gets_the_batches_as_they_are() -> None:
    batches = [(torch.ones(2, 3), torch.zeros(2, 3))]
    ((noisy, clean),) = feed(batches, torch.device("cpu"))
    assert noisy is batches[0][0]
    assert clean is batches[0][1]


def test_items_come_in_order_each_made_before_it_is_asked_for() -> None:
    made: list[int] = []
    third = threading.Event()

    def source() -> Iterator[int]:
        for k in range(4):
            made.append(k)
            if k == 2:
                third.set()
            yield k

    items = ahead(source())
    assert [next(items), next(items)] == [0, 1]
    assert third.wait(10)  # made while nobody has asked for it
    assert list(items) == [2, 3]
    assert made == [0, 1, 2, 3]


def test_nothing_gives_nothing() -> None:
    assert list(ahead([])) == []


def test_a_fault_of_the_source_comes_through_in_its_place() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise MemoryError("no room")

    items = ahead(source())
    assert next(items) == 1
    with pytest.raises(MemoryError, match="no room"):
        next(items)


def test_a_caller_that_leaves_early_leaves_no_thread() -> None:
    items = ahead(iter(range(1000)))
    next(items)
    items.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("feed")]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gets_the_same_numbers() -> None:
    batches = [(torch.randn(2, 50), torch.randn(2, 50)) for _ in range(20)]
    for (noisy, clean), (a, b) in zip(feed(batches, torch.device("cuda")), batches, strict=True):
        assert noisy.is_cuda
        assert torch.equal(noisy.cpu(), a)
        assert torch.equal(clean.cpu(), b)
