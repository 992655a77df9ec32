import json
from pathlib import Path

import pytest
from benchmarks.busy.intervals import Epoch, busy, lanes, read


def _trial(process: str, began: float, *, epochs: int = 2) -> list[Epoch]:
    """Epochs of 1 s, 0.1 s apart."""
    return [
        Epoch(began + 1.1 * k, began + 1.1 * k + 1.0, k + 1, process, 0.5) for k in range(epochs)
    ]


def test_share_of_training_with_and_without_ramps() -> None:
    epochs = [*_trial("a", 0.0), *_trial("a", 2.5), *_trial("b", 1.0)]
    found = busy(epochs, 2)
    assert found.seconds == pytest.approx(4.6)
    assert found.whole == pytest.approx(6.0 / (2 * 4.6))
    # both train from 1.1 (a's second epoch) to 3.1 (b's last); a stands still from 2.1 to 2.5,
    # and b from 2.0 to 2.1
    assert found.steady == pytest.approx((4.0 - 0.4 - 0.1) / 4.0)
    assert found.between_epochs == pytest.approx(0.1)
    assert found.between_trials == pytest.approx(0.4)


def test_processes_of_their_own_share_the_rows() -> None:
    trials = [_trial("a", 0.0), _trial("b", 0.5), _trial("c", 2.2), _trial("d", 3.0)]
    rows = lanes([epoch for trial in trials for epoch in trial])
    assert [[trial[0].process for trial in row] for row in rows] == [["a", "c"], ["b", "d"]]


def test_more_at_once_than_there_are_workers_is_an_error() -> None:
    with pytest.raises(ValueError, match="2 trained at once"):
        busy([*_trial("a", 0.0), *_trial("b", 0.5)], 1)


def test_never_all_at_once_is_an_error() -> None:
    with pytest.raises(ValueError, match="never did 2"):
        busy(_trial("a", 0.0), 2)


def test_a_line_that_is_being_written_is_left_for_later(tmp_path: Path) -> None:
    note = json.dumps({"epoch": 1, "began": 1.0, "ended": 2.0, "value": 3.0})
    (tmp_path / "7.jsonl").write_text(f"{note}\n{note[:20]}")
    assert read(tmp_path) == [Epoch(1.0, 2.0, 1, "7", 3.0)]
