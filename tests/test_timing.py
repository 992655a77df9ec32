from __future__ import annotations

from dataclasses import replace

import pytest

from sweeper.records import TrialRecord, TrialState
from sweeper.timing import eta
from synthetic import EPOCHS, START, trial

FULL = EPOCHS * 9.0 + 2.0


def finished(number: int) -> TrialRecord:
    return trial(number, {"lr": 1e-3}, 9.0)


def stopped(number: int, epochs: int = 2) -> TrialRecord:
    return trial(number, {"lr": 1e-3}, 2.0, TrialState.PRUNED, epochs=epochs)


def running(number: int, epochs: int) -> TrialRecord:
    return trial(number, {"lr": 1e-3}, 2.0, TrialState.RUNNING, epochs=epochs)


def after(record: TrialRecord, seconds: float = 0.0) -> float:
    """A time so long after the trial's last report (else its start)."""
    last = record.reports[-1].time if record.reports else record.started
    assert last is not None
    return last + seconds


def test_unknown_before_anything_was_reported() -> None:
    assert eta([], 10, 2, EPOCHS, START) is None
    assert eta([running(0, 0)], 10, 2, EPOCHS, START) is None


def test_nothing_left() -> None:
    assert eta([finished(0), finished(1)], 2, 2, EPOCHS, START) == 0.0


def test_first_trials_are_judged_by_their_own_pace() -> None:
    first = running(0, 4)
    assert eta([first], 1, 1, EPOCHS, after(first)) == pytest.approx((EPOCHS - 4) * 9.0)
    assert eta([first], 3, 1, EPOCHS, after(first)) == pytest.approx(8 * 9.0 + 2 * EPOCHS * 9.0)


def test_trials_to_come_cost_what_ended_ones_did_on_average() -> None:
    records = [finished(0), stopped(1), stopped(2), stopped(3)]
    mean = (FULL + 3 * 20.0) / 4
    assert eta(records, 8, 1, EPOCHS, START) == pytest.approx(4 * mean)
    assert eta(records, 8, 2, EPOCHS, START) == pytest.approx(2 * mean)
    assert eta(records, 9, 2, EPOCHS, START) == pytest.approx(3 * mean)


def test_a_running_trial_goes_as_far_as_those_that_came_further() -> None:
    records = [finished(0), stopped(1, 2), stopped(2, 6), running(3, 1)]
    last = records[-1]
    assert eta(records, 4, 1, EPOCHS, after(last)) == pytest.approx((20 / 3 - 1) * 9.0)
    late = running(3, 6)
    assert eta([*records[:3], late], 4, 1, EPOCHS, after(late)) == pytest.approx(6 * 9.0)


def test_early_stopping_makes_it_shorter() -> None:
    all_finish = eta([finished(i) for i in range(4)], 8, 2, EPOCHS, START)
    some_stop = eta([finished(0), *(stopped(i) for i in range(1, 4))], 8, 2, EPOCHS, START)
    assert all_finish is not None
    assert some_stop is not None
    assert some_stop < 0.5 * all_finish


def test_time_since_the_last_report_counts_up_to_one_epoch() -> None:
    first = running(0, 4)
    assert eta([first], 1, 1, EPOCHS, after(first, 5.0)) == pytest.approx(8 * 9.0 - 5.0)
    assert eta([first], 1, 1, EPOCHS, after(first, 9e5)) == pytest.approx(7 * 9.0)


def test_interrupted_trials_go_on() -> None:
    waiting = replace(running(0, 4), state=TrialState.INTERRUPTED)
    assert eta([waiting], 1, 1, EPOCHS, after(waiting, 9e5)) == pytest.approx(8 * 9.0)
    more = [replace(running(i, 4), state=TrialState.INTERRUPTED) for i in range(3)]
    assert eta(more, 3, 1, EPOCHS, START) == pytest.approx(3 * 8 * 9.0)


def test_waiting_between_two_workers_is_no_pace() -> None:
    first = running(0, 4)
    gap = [replace(r, time=r.time + (1e6 if r.epoch > 2 else 0)) for r in first.reports]
    resumed = replace(first, reports=tuple(gap), attempts=2)
    assert eta([resumed], 1, 1, EPOCHS, after(resumed)) == pytest.approx(8 * 9.0)
