"""Events folded into records."""

import json
from pathlib import Path
from typing import Any

import pytest

from sweeper.errors import LedgerError
from sweeper.ledger.files import entries
from sweeper.ledger.history import History, read_history
from sweeper.records import TrialState


def _start(trial: int, time: float, attempt: int = 1) -> dict[str, Any]:
    return {
        "event": "start",
        "trial": trial,
        "time": time,
        "params": {"lr": 0.1},
        "flat_params": {"lr": 0.1},
        "seed": 7,
        "attempt": attempt,
    }


def _epoch(trial: int, time: float, epoch: int) -> dict[str, Any]:
    return {
        "event": "epoch",
        "trial": trial,
        "time": time,
        "epoch": epoch,
        "metrics": {"val": 1.0 * epoch},
        "steps": {"10": 0.5},
    }


def _end(trial: int, time: float) -> dict[str, Any]:
    fields = {"state": "complete", "reason": "trained 2 epochs", "value": 2.0}
    return {"event": "end", "trial": trial, "time": time, **fields}


def test_a_trial_interrupted_once_is_one_record_with_two_attempts() -> None:
    history = History(
        [
            {"event": "session", "session": 1, "time": 0.0},
            _start(0, 1.0),
            _epoch(0, 3.0, 1),
            {"event": "interrupt", "trial": 0, "time": 900.0, "reason": "the driver was lost"},
            {"event": "session", "session": 2, "time": 900.0},
            _start(0, 1000.0, attempt=2),
            _epoch(0, 1002.0, 2),
            _end(0, 1003.0),
        ]
    )
    record = history.record(0)
    assert record is not None
    assert record.state is TrialState.COMPLETE
    assert [r.epoch for r in record.reports] == [1, 2]
    assert record.reports[0].steps == {10: 0.5}
    assert (record.attempts, record.started, record.ended) == (2, 1.0, 1003.0)
    # the time between the sessions is nobody's work
    assert record.seconds == 2.0 + 3.0


def test_sessions_add_up_and_a_lost_one_counts_to_its_last_event() -> None:
    history = History([{"event": "session", "session": 1, "time": 0.0}, _start(0, 5.0)])
    history.add({"event": "session", "session": 2, "time": 100.0})
    assert history.elapsed(now=103.0) == 5.0 + 3.0
    history.add({"event": "session_end", "time": 110.0, "reason": "finished"})
    assert history.elapsed(now=999.0) == 5.0 + 10.0


def test_gpu_seconds_are_all_that_trials_held_gpus_for_also_what_was_trained_in_vain() -> None:
    begun = [
        {**_start(0, 0.0), "gpus": 0.5},
        _start(1, 0.0),  # on the CPU
        _epoch(0, 10.0, 1),
        {"event": "interrupt", "trial": 0, "time": 16.0, "reason": "the worker was lost"},
    ]
    history = History(begun)
    assert history.gpu_seconds(now=50.0) == 0.5 * 16.0
    history.add({**_start(0, 50.0, attempt=2), "gpus": 2.0})
    assert history.gpu_seconds(now=53.0) == 0.5 * 16.0 + 2.0 * 3.0
    assert history.gpu_seconds(now=49.0) == 0.5 * 16.0  # a clock that was set back
    history.add(_epoch(0, 54.0, 2))
    history.add(_end(0, 55.0))
    assert history.gpu_seconds(now=99.0) == 0.5 * 16.0 + 2.0 * 5.0


def test_running_and_interrupted_trials_have_not_ended() -> None:
    history = History([_start(0, 1.0), _start(1, 1.0)])
    history.add({"event": "interrupt", "trial": 1, "time": 2.0, "reason": "cancelled"})
    states = [r.state for r in history.records()]
    assert states == [TrialState.RUNNING, TrialState.INTERRUPTED]
    assert not any(state.ended for state in states)


def test_a_line_still_being_written_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(json.dumps(_start(0, 1.0)) + "\n" + '{"event":"epo')
    assert len(read_history(path).records()) == 1


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(json.dumps(_start(0, 1.0)) + "\nrubbish\n")
    with pytest.raises(LedgerError, match=r"history\.jsonl:2"):
        list(entries(path))


@pytest.mark.parametrize("line", ["[]", "{}", json.dumps(_epoch(9, 2.0, 1))])
def test_a_line_that_is_no_event_here_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(f"{json.dumps(_start(0, 1.0))}\n{line}\n")
    with pytest.raises(LedgerError, match=r"history\.jsonl:2: damaged line.*\. Put the file back"):
        read_history(path)


def test_no_history_is_an_empty_one(tmp_path: Path) -> None:
    assert read_history(tmp_path / "none").records() == []


def test_a_clock_that_is_set_back_takes_no_time_away() -> None:
    history = History([{"event": "session", "session": 1, "time": 1000.0}])
    assert history.elapsed(now=400.0) == 0.0
    history.add({"event": "session_end", "time": 1010.0, "reason": "finished"})
    history.add({"event": "session", "session": 2, "time": 500.0})
    history.add({"event": "session_end", "time": 100.0, "reason": "finished"})
    assert history.elapsed(now=999.0) == 10.0
