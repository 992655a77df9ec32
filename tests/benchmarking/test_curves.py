import json
from pathlib import Path

import pytest
from benchmarks.overhead import trivial
from benchmarks.target.curves import Cell, Recording, load


@pytest.fixture
def cells() -> list[Cell]:
    return [
        Cell(1e-3, 2, 0, (1.0, 3.0), (0.1, 0.1)),
        Cell(1e-1, 2, 0, (2.0, 5.0), (0.3, 0.5)),
        Cell(1e-3, 4, 0, (0.0, 0.0), (0.1, 0.1)),
        Cell(1e-1, 4, 0, (0.0, 0.0), (0.1, 0.1)),
    ]


def test_recorded_epochs_are_as_they_were(cells: list[Cell]) -> None:
    assert Recording(cells).epoch(1e-3, 2, 2) == pytest.approx((3.0, 0.1))
    assert Recording(cells).epoch(1e-1, 2, 1) == pytest.approx((2.0, 0.3))


def test_between_two_rates_they_are_interpolated_over_the_logarithm(cells: list[Cell]) -> None:
    assert Recording(cells).epoch(1e-2, 2, 2) == pytest.approx((4.0, 0.3))


def test_the_target_is_reached_by_that_share_of_configurations(cells: list[Cell]) -> None:
    # half of the configurations have batch size 4 and end at 0, the rest lie evenly in 3 to 5
    assert Recording(cells).reached_by(0.25) == pytest.approx(4.0, abs=0.1)


def test_a_trial_trains_what_was_recorded(
    cells: list[Cell], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "curves.jsonl"
    file.write_text("".join(json.dumps(cell.to_json()) + "\n" for cell in cells))
    monkeypatch.setenv(trivial.RECORDING, str(file))
    monkeypatch.setenv(trivial.NOTES, str(tmp_path))
    assert trivial.train_epoch(1e-3, 2, 2)[trivial.OBJECTIVE] == pytest.approx(3.0)
    (notes,) = [path for path in tmp_path.glob("*.jsonl") if path != file]
    note = json.loads(notes.read_text())
    assert (note["epoch"], note["value"]) == (2, 3.0)
    assert note["ended"] - note["began"] >= 0.1
    assert load(file).cells[0].seed == 0
