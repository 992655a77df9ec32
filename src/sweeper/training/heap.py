"""Keeping freed memory for the next step instead of giving it back after each one."""

from __future__ import annotations

import ctypes
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["freed_memory_kept"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # from malloc.h
_DEFAULT = 128 * 2**10
_LARGEST = 2**30


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Within, freed blocks of up to 1 GiB stay in the process; after it they go back at once.

    A training step on a CPU allocates and frees the same large blocks over and over. glibc gives
    such blocks back to the system, which then has to clear every page anew: a small DPRNN spends a
    fifth to a third of its time on that. Where the C library is another one, nothing happens.
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt") or not hasattr(libc, "malloc_trim"):
        yield
        return
    _set_thresholds(libc, _LARGEST)
    try:
        yield
    finally:
        _set_thresholds(libc, _DEFAULT)
        libc.malloc_trim(0)


def _set_thresholds(libc: ctypes.CDLL, size: int) -> None:
    libc.mallopt(_MMAP_THRESHOLD, size)
    libc.mallopt(_TRIM_THRESHOLD, size)
