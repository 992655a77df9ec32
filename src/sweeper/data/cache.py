"""The corpora that this process has in memory, so that a warm worker reads each only once."""

from __future__ import annotations

import json
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sweeper.data.corpus import Corpus

__all__ = ["LIMIT_BYTES", "cached", "clear"]

LIMIT_BYTES = 8 * 2**30
"""How much the cache may hold; the least recently used corpora go first, the newest one stays."""

_held: OrderedDict[tuple[Callable[..., Corpus], str], Corpus] = OrderedDict()
_lock = Lock()


def cached(factory: Callable[..., Corpus], options: Mapping[str, Any]) -> Corpus:
    """``factory(**options)``, or what the same call gave before in this process.

    A corpus is immutable, so all who ask share it. Files that change on disk are not noticed.
    """
    key = (factory, json.dumps(dict(options), sort_keys=True, default=str))
    with _lock:
        corpus = _held.pop(key, None) or factory(**options)
        _held[key] = corpus
        _evict()
        return corpus


def _evict() -> None:
    while len(_held) > 1 and sum(corpus.nbytes for corpus in _held.values()) > LIMIT_BYTES:
        _held.popitem(last=False)


def clear() -> None:
    """Forget all corpora."""
    with _lock:
        _held.clear()
