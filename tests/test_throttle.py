"""How seldom something costly is done."""

from __future__ import annotations

import math
import time

import pytest

from sweeper.throttle import Throttle


class _Clocks:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall = 100.0
        self.processor = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: self.wall)
        monkeypatch.setattr(time, "thread_time", lambda: self.processor)

    def work(self, seconds: float) -> None:
        self.wall += seconds
        self.processor += seconds


@pytest.mark.parametrize(
    ("cost", "longest", "pause"),
    [(0.0, math.inf, 1.0), (0.01, math.inf, 1.0), (0.1, math.inf, 5.0), (0.1, 3.0, 3.0)],
)
def test_a_turn_is_followed_by_a_pause_of_fifty_times_its_cost(
    cost: float, longest: float, pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = _Clocks(monkeypatch)
    throttle = Throttle(1.0, longest)
    assert throttle.due
    with throttle.turn():
        clocks.work(cost)
    assert not throttle.due
    assert throttle.left == pytest.approx(pause)
    clocks.wall += pause
    assert throttle.due
    assert throttle.left == 0.0


def test_a_turn_that_failed_may_be_tried_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = _Clocks(monkeypatch)
    throttle = Throttle(1.0)

    def fail() -> None:
        with throttle.turn():
            clocks.work(1.0)
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert throttle.due
