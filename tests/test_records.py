"""The frozen values that travel between the layers."""

from __future__ import annotations

import pytest

from sweeper.records import Direction, ranked
from synthetic import trial


@pytest.mark.parametrize(
    ("direction", "order"), [("maximize", [1, 3, 2, 0]), ("minimize", [0, 2, 1, 3])]
)
def test_the_best_is_first_and_the_earlier_of_equals(
    direction: Direction, order: list[int]
) -> None:
    records = [trial(n, {"lr": 1e-3}, value) for n, value in enumerate([-1.0, 5.0, 2.0, 5.0])]
    assert [r.number for r in ranked(reversed(records), direction)] == order
