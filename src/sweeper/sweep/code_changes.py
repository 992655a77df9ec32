"""Sessions of one sweep that trained with other code, libraries or data than those before."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from sweeper.ledger.history import History
from sweeper.ledger.setting import Setting
from sweeper.words import count

__all__ = ["change_since", "changes_of"]

_POOLED = "trials before and after are counted together"
_MOST_FILES = 3


def change_since(history: History, now: Setting) -> str:
    """What is otherwise now than when the sweep's last trials were trained; empty for nothing."""
    trained = [setting for _, setting in _trained(history)]
    what = _what(trained[-1], now) if trained else ""
    return f"since its last trials: {what}; {_POOLED}" if what else ""


def changes_of(history: History) -> Iterator[str]:
    """What the last session trained with otherwise than the one before, and how many others did."""
    said = [
        f"From trial {first} on there was {what}: {_POOLED}."
        for (_, before), (first, after) in pairwise(_trained(history))
        if (what := _what(before, after))
    ]
    yield from said[-1:]
    if more := len(said[:-1]):
        yield f"Trials before and after {count(more, 'earlier change')} are counted together, too."


def _trained(history: History) -> list[tuple[int, Setting]]:
    """The first trial and the setting of each session that trained; an older sweeper wrote none."""
    return [
        (first, history.settings[session])
        for session, first in sorted(history.firsts.items())
        if session in history.settings
    ]


def _what(before: Setting, after: Setting) -> str:
    """``another code of net (net.py; commit 1a2b3c4d5e -> 6f7a8b9c0d)``."""
    differences = ", ".join(before.differences(after))
    if not differences:
        return ""
    files = before.edited(after)
    named = ", ".join(files[:_MOST_FILES])
    if more := len(files[_MOST_FILES:]):
        named += f" and {more} more"
    where = "" if before.place == after.place else f"{before.place or '?'} -> {after.place or '?'}"
    told = "; ".join(filter(None, [named, where]))
    return f"{differences} ({told})" if told else differences
