"""Drivers that are killed at each write to a study's journal, one after the other."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from optuna.storages.journal import JournalFileBackend

T = TypeVar("T")


class Killed(BaseException):
    """The driver is killed."""


def survive(monkeypatch: pytest.MonkeyPatch, action: Callable[[], T]) -> T:
    """Do ``action`` again and again, each time killed one write later, until it is not."""
    write = JournalFileBackend.append_logs
    for allowed in itertools.count():
        left = iter(range(allowed))

        def some_writes(*args: object, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise Killed
            write(*args)  # type: ignore[arg-type]

        with monkeypatch.context() as patch, contextlib.suppress(Killed):
            patch.setattr(JournalFileBackend, "append_logs", some_writes)
            return action()
    raise AssertionError("unreachable")
