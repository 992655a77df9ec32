"""Sweeps as a user runs them: the real program in a folder of its own, with Ray and MLflow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shop import UNDRAWN, Shop
from store import ACCESS, Store


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Without figures; `WHOLE` has them."""
    made = Shop(tmp_path, program=UNDRAWN)
    yield made
    made.close()


@pytest.fixture
def store(shop: Shop) -> Iterator[Store]:
    """An object store, and the way into it for the sweeps in ``shop``."""
    pytest.importorskip("moto")
    made = Store()
    shop.variables |= ACCESS
    yield made
    made.close()
