"""The memory of training steps on a CPU: kept from step to step, and in large pages."""

from __future__ import annotations

import ctypes
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LARGE_PAGES", "freed_memory_kept"]

LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""The environment in which glibc (2.35 or newer) asks Linux for pages of 2 MiB, not of 4 KiB.

A process reads it only when it starts. Activations are read and written front to back, and looking
up a new page every 1024 numbers is a tenth of a small DPRNN's time. Linux gives large pages to who
asks for them unless /sys/kernel/mm/transparent_hugepage/enabled says never; others ignore it.
"""

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
