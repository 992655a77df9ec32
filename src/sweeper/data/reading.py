"""How recordings are read just now: who watches, and whether what was kept will do."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from sweeper.data.sources import Source
    from sweeper.data.store import Facts

__all__ = ["Reading", "current", "in_order", "readers", "using"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def _ignore(*_: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What holds for all data sets that are read inside of `using`.

    Attributes:
        fresh: read the files themselves, also where their waveforms have been kept.
        progress: called with the recordings read so far and their total.
        seen: called with each file that was read from disk and can be used, and its facts.
    """

    fresh: bool = False
    progress: Callable[[int, int], None] = _ignore
    seen: Callable[[Source, Facts], None] = _ignore


_DEFAULT = Reading()
_current: ContextVar[Reading] = ContextVar("reading", default=_DEFAULT)


def current() -> Reading:
    """What holds now, in this thread."""
    return _current.get()


@contextmanager
def using(reading: Reading) -> Iterator[None]:
    """Let ``reading`` hold for what is read inside."""
    token = _current.set(reading)
    try:
        yield
    finally:
        _current.reset(token)


def readers() -> int:
    """How many files to read at a time: decoding and resampling keep a processor busy each."""
    return max(2, min(16, len(os.sched_getaffinity(0))))


def in_order(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """``map(work, items)``, several at a time; few results wait for the caller at any moment."""
    count = readers()
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(count, thread_name_prefix="reader") as pool:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > 4 * count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
