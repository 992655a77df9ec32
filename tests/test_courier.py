"""Turns in the background, and waiting for them."""

from __future__ import annotations

import threading
import time

from server import wait_until
from sweeper.courier import Courier

PATIENCE = 60.0
FOREVER = 1000.0


class _Route:
    """What a courier is given to do, and what came of it."""

    def __init__(self, pause: float = FOREVER) -> None:
        self.wanted: list[bool] = []
        self.arrives = True
        self.ended = threading.Event()
        self.courier = Courier("route", self._turn, lambda: pause, self.ended.set)

    def _turn(self, wanted: bool) -> bool:
        self.wanted.append(wanted)
        return self.arrives


def test_a_turn_at_the_start_and_one_for_each_who_waits() -> None:
    route = _Route()
    route.courier.start()
    wait_until(lambda: route.wanted == [False])
    assert route.courier.flush(PATIENCE)
    assert route.courier.flush(PATIENCE)
    assert route.wanted == [False, True, True]
    assert route.courier.close(PATIENCE)
    assert route.ended.is_set()


def test_turns_follow_one_another_after_the_pause() -> None:
    route = _Route(pause=0.001)
    route.courier.start()
    wait_until(lambda: len(route.wanted) > 5)
    assert route.courier.close(PATIENCE)
    assert not any(route.wanted)


def test_who_waits_does_so_until_all_has_arrived() -> None:
    route = _Route(pause=0.001)
    route.arrives = False
    route.courier.start()
    assert not route.courier.flush(0.05)
    route.arrives = True
    before = time.monotonic()
    assert route.courier.flush(PATIENCE)
    assert route.courier.late <= time.monotonic() - before
    assert route.courier.close(PATIENCE)


def test_who_waits_may_give_up_after_any_turn() -> None:
    route = _Route(pause=0.001)
    route.arrives = False
    route.courier.start()
    assert not route.courier.flush(FOREVER, give_up=lambda: len(route.wanted) > 3)
    assert route.courier.close(PATIENCE)


def test_waking_it_brings_what_came_during_the_turn() -> None:
    begun, go_on = threading.Event(), threading.Event()
    brought: list[int] = []
    known = [1]

    def turn(_: bool) -> bool:
        now = known[0]
        begun.set()
        go_on.wait(PATIENCE)
        brought.append(now)
        return True

    courier = Courier("busy", turn, lambda: FOREVER, lambda: None)
    courier.start()
    assert begun.wait(PATIENCE)
    known[0] = 2
    courier.wake()
    go_on.set()
    wait_until(lambda: brought == [1, 2])
    assert courier.close(PATIENCE)


def test_one_that_stops_itself_lets_go_of_who_waits() -> None:
    def turn(_: bool) -> bool:
        courier.stop()
        return False

    courier = Courier("gives up", turn, lambda: FOREVER, lambda: None)
    courier.start(hold=FOREVER)
    assert not courier.flush(PATIENCE)
    wait_until(lambda: not courier.runs)
    assert courier.closing


def test_closing_ends_the_wait_at_the_start_without_a_turn() -> None:
    route = _Route()
    route.courier.start(hold=FOREVER)
    assert route.courier.close(PATIENCE)
    assert route.wanted == []
    assert route.ended.is_set()


def test_closing_waits_no_longer_than_it_is_told() -> None:
    go_on = threading.Event()

    def turn(_: bool) -> bool:
        return go_on.wait(PATIENCE)

    courier = Courier("hangs", turn, lambda: FOREVER, lambda: None)
    assert courier.close(0.0), "one that never began has ended"
    courier = Courier("hangs", turn, lambda: FOREVER, lambda: None)
    courier.start()
    assert not courier.close(0.01)
    go_on.set()
    assert courier.close(PATIENCE)
