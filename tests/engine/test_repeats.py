"""The same training is done once: a repeated proposal gets the result there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toy
from dry_runs import ONE, TWO, check_survival, open_sweep, run_session
from sweeper.config import SweepConfig, load
from sweeper.engine.conductor import Conductor, Next
from sweeper.engine.resources import Slots
from sweeper.ledger.repeats import trial_seed
from sweeper.records import EpochReport, Trial, TrialRecord, TrialState
from sweeper.trial import Outcome

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

POINT = "{lr: 1e-2, batch_size: 8}"
SMALL = [
    "search_space.lr={type: categorical, choices: [1e-3, 1e-2, 1e-1]}",
    "search_space.batch_size.choices=[4, 8]",
]
CALM = "pruner={name: none}"


def _config(folder: Path, *flags: str, task: str = "valley", **options: Any) -> SweepConfig:
    return load(toy.write_space(folder, task, **options), flags)


def _twice(folder: Path, *flags: str, task: str = "valley", times: int = 2) -> SweepConfig:
    """The same point so many times, and nothing else."""
    points = f"enqueue=[{', '.join([POINT] * times)}]"
    return _config(folder, points, CALM, *flags, task=task, trials=times)


def test_a_repeat_has_result_reports_and_seed_of_the_first(tmp_path: Path) -> None:
    ledger, _ = run_session(tmp_path, _twice(tmp_path))
    first, second = ledger.history.records()
    assert (first.copy_of, second.copy_of) == ("", "0")
    assert second.reason == "same as trial 0: not trained again"
    assert (second.state, second.value, second.seed) == (first.state, first.value, first.seed)
    assert second.reports == first.reports
    assert (second.attempts, second.seconds) == (0, 0.0)
    assert not ledger.paths.trial(1).exists()


def test_a_small_space_is_trained_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = _config(tmp_path, *SMALL, CALM, trials=9, epochs=2)
    ledger = check_survival(tmp_path, [config], monkeypatch, kills=4)
    records = ledger.history.records()
    trained = [r for r in records if not r.copy_of]
    assert len(records) == 9
    assert len(trained) <= 6
    points = Counter((r.params["lr"], r.params["batch_size"]) for r in trained)
    assert set(points.values()) == {1}
    assert len({r.seed for r in trained}) == len(trained)


def test_the_sampler_is_told_of_repeats(tmp_path: Path) -> None:
    config = _twice(tmp_path)
    run_session(tmp_path, config)
    with open_sweep(tmp_path, config) as ledger:
        first, second = ledger._study._study.get_trials()
        assert (second.state, second.value) == (first.state, first.value)
        assert second.intermediate_values == first.intermediate_values


def test_what_diverges_or_is_pruned_is_not_tried_again(tmp_path: Path) -> None:
    point = "enqueue=[{lr: 0.09, batch_size: 8}, {lr: 0.09, batch_size: 8}]"
    config = _config(tmp_path, point, CALM, task="cliff", trials=2)
    _, second = run_session(tmp_path, config)[0].history.records()
    assert (second.copy_of, second.state, second.value) == ("0", TrialState.DIVERGED, None)
    (pruned := tmp_path / "pruned").mkdir()
    bad = "enqueue=[{lr: 1e-2}, {lr: 1e-2}, {lr: 1e-4, batch_size: 8}, {lr: 1e-4, batch_size: 8}]"
    records = run_session(pruned, _config(tmp_path, bad, trials=4))[0].history.records()
    assert [r.state for r in records[2:]] == [TrialState.PRUNED] * 2
    assert (records[3].copy_of, records[3].reports) == ("2", records[2].reports)


@pytest.mark.parametrize(
    "state", [TrialState.FAILED, TrialState.OUT_OF_MEMORY, TrialState.TIMED_OUT]
)
def test_what_another_try_may_cure_is_tried_again(tmp_path: Path, state: TrialState) -> None:
    with open_sweep(tmp_path, _twice(tmp_path)) as ledger:
        conductor = Conductor(ledger, ONE)
        assert isinstance(conductor.next_trial(), Trial)
        conductor.on_outcome(0, Outcome(state, "bad luck"))
        again = conductor.next_trial()
        assert isinstance(again, Trial)
        assert (again.number, again.seed) == (1, ledger.record(0).seed)


def test_while_the_first_is_at_work_the_same_point_gets_another_seed(tmp_path: Path) -> None:
    config = _twice(tmp_path)
    with open_sweep(tmp_path, config) as ledger:
        conductor = Conductor(ledger, TWO)
        first, second = conductor.next_trial(), conductor.next_trial()
        assert isinstance(first, Trial)
        assert isinstance(second, Trial)
        assert first.seed == trial_seed(config.seed, first.params)
        assert second.seed == trial_seed(config.seed, first.params, replicate=1)


class Workers:
    """Slots in which trials begin and end in any order, and a driver that may be killed.

    Args:
        moves: what happens: a free slot asks for a trial (None), the worker in a slot ends its
            trial, or the driver is killed (-1).
    """

    def __init__(self, folder: Path, config: SweepConfig, moves: Sequence[int | None]) -> None:
        self.folder, self.config = folder, config
        self.moves = list(moves)
        self.running: list[int] = []

    def work(self) -> list[TrialRecord]:
        while self.moves:
            self.running = []
            with open_sweep(self.folder, self.config) as ledger:
                ledger.begin_session()
                conductor = Conductor(ledger, Slots(4, 1.0, 0.0, 4, 0))
                while self.moves and (move := self.moves.pop(0)) != -1:
                    self._move(conductor, move)
                records = ledger.history.records()
        return list(records)

    def _move(self, conductor: Conductor, move: int | None) -> None:
        if move is None:
            if isinstance(found := conductor.next_trial(), Trial):
                self.running.append(found.number)
        elif self.running:
            number = self.running.pop(move % len(self.running))
            if not conductor.ledger.record(number).reports:
                conductor.on_report(number, EpochReport(1, {"score": 1.0}, 0.0))
            conductor.on_outcome(number, Outcome(TrialState.COMPLETE, "trained"))


@settings(deadline=None, max_examples=40)
@given(moves=st.lists(st.none() | st.integers(-1, 3), max_size=40))
def test_no_training_is_done_twice_in_whatever_order_trials_begin_and_end(
    moves: list[int | None],
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        space = "search_space.lr={type: categorical, choices: [1e-3, 1e-2]}"
        batch = "search_space.batch_size.choices=[4]"
        config = _config(folder, space, batch, CALM, "sampler={name: random}", trials=30)
        records = Workers(folder, config, [None, *moves]).work()
    trained = [r for r in records if not r.copy_of]
    assert len({r.identity for r in trained}) == len(trained)
    assert {r.identity for r in records} == {r.identity for r in trained}


def test_a_replicate_is_trained_once_too(tmp_path: Path) -> None:
    """The first training is still at work when its replicate has ended."""
    moves = [None, None, 1, None]
    records = Workers(tmp_path, _twice(tmp_path, times=3), moves).work()
    assert [r.copy_of for r in records] == ["", "", "1"]


def test_repeats_can_be_trained_to_see_the_noise(tmp_path: Path) -> None:
    config = _twice(tmp_path, "repeats=train", times=4)
    records = run_session(tmp_path, config)[0].history.records()
    assert [r.copy_of for r in records] == [""] * 4
    assert len({r.seed for r in records}) == 4


@pytest.mark.parametrize(("origin", "copy_of"), [("new code", ""), ("old code", "0")])
def test_other_code_or_data_is_another_training(tmp_path: Path, origin: str, copy_of: str) -> None:
    run_session(tmp_path, _twice(tmp_path, times=1), origin="old code")
    records = run_session(tmp_path, _twice(tmp_path), origin=origin)[0].history.records()
    assert records[1].copy_of == copy_of


def test_a_training_by_two_codes_is_the_original_of_none(tmp_path: Path) -> None:
    config = _twice(tmp_path)
    with open_sweep(tmp_path, config, "old code") as ledger:
        conductor = Conductor(ledger, ONE)
        conductor.next_trial()
        conductor.on_report(0, EpochReport(1, {"score": 1.0}, 0.0))
    records = run_session(tmp_path, config, origin="new code")[0].history.records()
    assert [(r.attempts, r.copy_of) for r in records] == [(2, ""), (1, "")]
    assert records[0].identity == ""


def test_repeats_alone_end_with_the_budget(tmp_path: Path) -> None:
    with open_sweep(tmp_path, _twice(tmp_path, times=3)) as ledger:
        conductor = Conductor(ledger, ONE)
        conductor.next_trial()
        conductor.on_report(0, EpochReport(1, {"score": 1.0}, 0.0))
        conductor.on_outcome(0, Outcome(TrialState.COMPLETE, "trained 1 epoch"))
        assert conductor.next_trial() is Next.NOTHING
        assert [r.copy_of for r in ledger.history.records()] == ["", "0", "0"]
        assert conductor.why == "all 3 trials are done"


def test_seeds_differ_with_the_parameters_and_not_with_how_numbers_are_written() -> None:
    one = trial_seed(0, {"lr": 1.0, "batch_size": 8})
    assert one == trial_seed(0, {"batch_size": 8.0, "lr": 1})
    assert len({one, trial_seed(1, {"lr": 1, "batch_size": 8}), trial_seed(0, {"lr": 1})}) == 3
    assert trial_seed(0, {"x": True}) != trial_seed(0, {"x": 1})
    assert 0 <= one < 2**32


def test_more_epochs_leave_ended_trials_and_are_another_training(tmp_path: Path) -> None:
    one = [
        "search_space.lr={type: categorical, choices: [1e-2]}",
        "search_space.batch_size.choices=[8]",
    ]
    run_session(tmp_path, _config(tmp_path, *one, CALM, trials=1))
    longer = _config(tmp_path, *one, CALM, "training.epochs=6", trials=2)
    first, second = run_session(tmp_path, longer)[0].history.records()
    assert (first.state, first.epoch) == (TrialState.COMPLETE, 4)
    assert (second.copy_of, second.epoch, second.seed) == ("", 6, first.seed)
