"""Where the collector of garbage shall keep quiet."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["first_import", "without_collections"]


class _Quiet:
    """How many want that no garbage is searched for; the last one to leave sets things right."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._within = 0
        self._was_on = False

    def begin(self) -> None:
        with self._lock:
            if not self._within:
                self._was_on = gc.isenabled()
                gc.disable()
            self._within += 1

    def end(self) -> None:
        with self._lock:
            self._within -= 1
            if not self._within and self._was_on:
                gc.enable()


_quiet = _Quiet()


@contextmanager
def without_collections() -> Iterator[None]:
    """No search for garbage meanwhile, where nothing but what stays is made, or the end is near.

    In no thread: where several want that, it lasts until the last of them is done.
    """
    _quiet.begin()
    try:
        yield
    finally:
        _quiet.end()


@contextmanager
def first_import(module: str) -> Iterator[None]:
    """Where ``module`` is imported, with all that it needs, if this process has not done so yet.

    What an import makes stays: the searches meanwhile would find nothing, and those afterwards,
    which stop every thread for a tenth of a second and more, shall not look at it either.
    """
    if module in sys.modules:
        yield
        return
    with without_collections():
        yield
        gc.freeze()  # before the next search, which would be for all that is new
