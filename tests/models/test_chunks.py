from __future__ import annotations

import pytest
import torch

from sweeper.models._chunks import chunk, overlap_add, require_even
from sweeper.models._dual_path import chunk_size


@pytest.mark.parametrize("size", [2, 4, 10, 64])
@pytest.mark.parametrize("length", [1, 2, 5, 31, 32, 33, 100])
def test_every_position_lies_in_two_chunks(length: int, size: int) -> None:
    x = torch.randn(2, length, 3)
    chunks = chunk(x, size)
    assert chunks.shape == (2, -(-length // (size // 2)) + 1, size, 3)
    torch.testing.assert_close(overlap_add(chunks, length), 2 * x)
    for position in range(length):
        marked = torch.zeros(1, length, 1)
        marked[0, position] = 1
        assert chunk(marked, size).sum() == 2


def test_neighbours_share_half() -> None:
    chunks = chunk(torch.arange(1.0, 13.0).view(1, 12, 1), 4)[0, :, :, 0]
    assert chunks[0].tolist() == [0, 0, 1, 2]
    assert chunks[1].tolist() == [1, 2, 3, 4]
    assert chunks[-1].tolist() == [11, 12, 0, 0]


@pytest.mark.parametrize(("frames", "published"), [(32_000, 250), (4_000, 100)])
def test_automatic_chunk_is_near_the_published(frames: int, published: int) -> None:
    """4 s at 8 kHz with kernels of 2 and 16 (Luo et al. 2020, table 2)."""
    size = chunk_size(frames)
    assert size % 2 == 0
    assert abs(size - published) / published < 0.15


def test_automatic_chunk_of_one_frame() -> None:
    assert chunk_size(1) == 2


@pytest.mark.parametrize("value", [-2, 0, 1, 7])
def test_odd_sizes_are_refused(value: int) -> None:
    with pytest.raises(ValueError, match=f"chunk must be even.*chunk={value}"):
        require_even("chunk", value)
