"""Sweeps as a user runs them: the real program in a folder of its own, with Ray and MLflow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()
