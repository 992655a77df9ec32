"""What tests of the engine share."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing loses power: what is written is there for the next to read."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
