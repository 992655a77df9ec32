"""Decisions without Ray: budgets, order, pruning, and a crash at any point."""

from __future__ import annotations

import io
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import OutOfMemoryError

import toy
from dry_runs import ONE, TWO, check_survival, open_sweep, run_session
from sweeper.config import SweepConfig, load
from sweeper.engine.adapters import LedgerCallback
from sweeper.engine.conductor import Conductor, Ending, Next
from sweeper.engine.resources import Slots
from sweeper.engine.workers import Workers
from sweeper.errors import LedgerError
from sweeper.ledger.ledger import Ledger
from sweeper.records import EpochReport, Trial, TrialState
from sweeper.trial import Outcome, TrialRun

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def _config(folder: Path, task: str = "valley", **options: Any) -> SweepConfig:
    return load(toy.write_space(folder, task, **options))


def test_a_sweep_ends_with_its_budget(tmp_path: Path) -> None:
    ledger, conductor = run_session(tmp_path, _config(tmp_path))
    states = [r.state for r in ledger.history.records()]
    assert len(states) == 8
    assert set(states) == {TrialState.COMPLETE, TrialState.PRUNED}
    assert (conductor.ending, conductor.why) == (Ending.FINISHED, "all 8 trials are done")
    for record in ledger.history.records():
        assert record.epoch == 4 or record.state is TrialState.PRUNED
        assert [e.epoch for e in record.reports] == list(range(1, record.epoch + 1))
    pruned = next(r for r in ledger.history.records() if r.state is TrialState.PRUNED)
    assert pruned.reason == (
        f"score {pruned.reports[-1].metrics['score']:.4g} at epoch {pruned.epoch}: "
        "stopped by median"
    )


def test_all_are_done_when_the_last_has_ended_and_not_when_it_begins(tmp_path: Path) -> None:
    with open_sweep(tmp_path, _config(tmp_path, trials=2)) as ledger:
        conductor = Conductor(ledger, Slots(3, 1.0, 0.0, 3, 0))
        for _ in range(2):
            assert isinstance(conductor.next_trial(), Trial)
        assert (conductor.next_trial(), conductor.ending) == (Next.NOTHING, Ending.FINISHED)
        assert conductor.why == "all 2 trials have begun"
        conductor.on_outcome(0, Outcome(TrialState.DIVERGED, "loss is nan"))
        assert conductor.why == "all 2 trials have begun"
        conductor.on_outcome(1, Outcome(TrialState.DIVERGED, "loss is nan"))
        assert conductor.why == "all 2 trials are done"


def test_killed_at_any_write_the_sweep_goes_on_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_survival(tmp_path, [_config(tmp_path, trials=6, epochs=3)], monkeypatch, kills=9)


def test_unfinished_trials_come_first_and_continue_after_their_last_epoch(tmp_path: Path) -> None:
    config = _config(tmp_path, trials=3)
    with open_sweep(tmp_path, config) as ledger:
        ledger.begin_session()
        conductor = Conductor(ledger, TWO)
        first, second = conductor.next_trial(), conductor.next_trial()
        assert isinstance(first, Trial)
        assert isinstance(second, Trial)
        assert conductor.next_trial() is Next.LATER
        conductor.on_report(1, EpochReport(1, {"score": 1.0}, 0.0))
    with open_sweep(tmp_path, config) as ledger:
        assert [r.state for r in ledger.history.records()] == [TrialState.INTERRUPTED] * 2
        ledger.begin_session()
        conductor = Conductor(ledger, TWO)
        again = [conductor.next_trial(), conductor.next_trial()]
        assert [(t.number, t.reported) for t in again if isinstance(t, Trial)] == [(0, 0), (1, 1)]
        assert [ledger.record(n).attempts for n in (0, 1)] == [2, 2]


def test_a_worker_begins_and_goes_on_before_that_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    with open_sweep(tmp_path, _config(tmp_path)) as ledger:
        callback = LedgerCallback(conductor := Conductor(ledger, ONE), lambda: None)
        monkeypatch.setattr(os, "fsync", waits.append)
        working = SimpleNamespace(config={"trial": conductor.next_trial()})
        assert len(waits) == 1  # for the proposal
        report = {"report": EpochReport(1, {"score": 1.0}, 0.0)}
        callback.on_trial_result(0, [], working, report)  # type: ignore[arg-type]
        assert ledger.record(0).epoch == 1
        assert '"event":"epoch"' in ledger.paths.history.read_text()
        assert len(waits) == 1
        callback.on_step_end(0, [])
        assert len(waits) == 2
        callback.on_step_end(1, [])
        assert len(waits) == 2


@pytest.mark.parametrize("last", ["start", "epoch"])
def test_what_a_power_cut_takes_from_the_history_comes_again(tmp_path: Path, last: str) -> None:
    config, report = _config(tmp_path), EpochReport(1, {"score": 1.0}, 0.0)
    with open_sweep(tmp_path, config) as ledger:
        conductor = Conductor(ledger, ONE)
        first = conductor.next_trial()
        conductor.on_report(0, report)
        history = ledger.paths.history
    kept, _, _ = history.read_text().partition(f'{{"event":"{last}"')
    history.write_text(kept)
    with open_sweep(tmp_path, config) as ledger:
        ledger.begin_session()
        conductor = Conductor(ledger, ONE)
        again = conductor.next_trial()
        assert again == first
        conductor.on_report(0, report)
        conductor.on_outcome(0, Outcome(TrialState.COMPLETE, ""))
        assert [r.epoch for r in ledger.record(0).reports] == [1]
        assert ledger.record(0).value == 1.0


def test_a_report_that_comes_twice_is_kept_once(tmp_path: Path) -> None:
    with open_sweep(tmp_path, _config(tmp_path)) as ledger:
        conductor = Conductor(ledger, ONE)
        conductor.next_trial()
        for value in (1.0, 2.0):
            conductor.on_report(0, EpochReport(1, {"score": value}, 0.0))
        assert [r.metrics["score"] for r in ledger.record(0).reports] == [1.0]


def test_the_target_ends_the_sweep_after_the_running_trials(tmp_path: Path) -> None:
    config = load(toy.write_space(tmp_path, "valley", trials=30), ["budget.target=6"])
    ledger, conductor = run_session(tmp_path, config)
    assert conductor.ending is Ending.FINISHED
    assert conductor.why == "target score 6 reached"
    assert len(ledger.history) < 30
    assert max(r.value or 0.0 for r in ledger.history.records()) >= 6


def test_hours_count_over_sessions(tmp_path: Path) -> None:
    config = load(toy.write_space(tmp_path, "valley"), ["budget.hours=0.5"])
    with open_sweep(tmp_path, config) as ledger:
        began = 1_000_000.0
        ledger.history.add({"event": "session", "session": 1, "time": began})
        conductor = Conductor(ledger, ONE, clock=lambda: began + 1799)
        assert isinstance(conductor.next_trial(), Trial)
        ledger.history.add({"event": "session_end", "time": began + 1799, "reason": ""})
        ledger.history.add({"event": "session", "session": 2, "time": began + 9000})
        late = Conductor(ledger, TWO, clock=lambda: began + 9001)
        assert late.next_trial() is Next.NOTHING
        assert late.why == "budget of 0.5 h used up"


def test_gpu_hours_count_over_sessions_what_was_read_back_and_what_was_lost(tmp_path: Path) -> None:
    config = load(toy.write_space(tmp_path, "valley"), ["budget.gpu_hours=0.99", "pruner=none"])
    half = replace(ONE, gpus=1, gpus_per_trial=0.5, concurrent=2)
    now = time.time()
    with open_sweep(tmp_path, config) as ledger:
        ledger.begin_session()
        conductor = Conductor(ledger, half)
        trials = [conductor.next_trial() for _ in range(2)]
        assert all(isinstance(trial, Trial) for trial in trials)
        report = EpochReport(1, {"score": 1.0}, now + 3600)
        conductor.on_report(0, report)
        ledger.settle()
        # both run on for half an hour, then the driver is killed: what counts ends with the report
        assert ledger.history.gpu_seconds(now + 5400) == pytest.approx(5400, abs=60)
    with open_sweep(tmp_path, config) as again:
        assert again.history.gpu_seconds(now + 9999) == pytest.approx(3600, abs=60)
        again.begin_session()
        late = Conductor(again, half, clock=lambda: now + 9999)
        assert late.next_trial() is Next.NOTHING
        assert late.why == "budget of 0.99 GPU-hours used up"


def test_failures_in_a_row_abort_the_sweep(tmp_path: Path) -> None:
    ledger, conductor = run_session(tmp_path, _config(tmp_path, "breaks", trials=30))
    assert conductor.ending is Ending.ABORTED
    assert len(ledger.history) == ledger.config.budget.failures_in_a_row
    assert conductor.last_failure is not None
    assert "No such file" in conductor.last_failure.details


def test_a_cancelled_sweep_hands_out_nothing(tmp_path: Path) -> None:
    with open_sweep(tmp_path, _config(tmp_path)) as ledger:
        conductor = Conductor(ledger, ONE)
        conductor.drain(Ending.STOPPED, "enough")
        conductor.cancel("now")
        assert conductor.next_trial() is Next.NOTHING
        assert conductor.ending is Ending.CANCELLED


def test_diverged_trials_have_no_value(tmp_path: Path) -> None:
    ledger, _ = run_session(tmp_path, _config(tmp_path, "cliff", trials=12))
    diverged = [r for r in ledger.history.records() if r.state is TrialState.DIVERGED]
    assert diverged
    assert all(r.value is None and r.params["lr"] > 0.02 for r in diverged)


@pytest.mark.parametrize("sampler", ["tpe", pytest.param("gp", marks=pytest.mark.slow)])
def test_samplers_stay_away_from_what_diverges(tmp_path: Path, sampler: str) -> None:
    """Half of the range diverges; told as failures, over 80% of the later trials would go there."""
    startup, trials = 10, 40
    flags = ["search_space.lr.high=10.0", f"sampler={{name: {sampler}}}", "pruner={name: none}"]
    path = toy.write_space(tmp_path, "cliff", trials=trials, epochs=2)
    ledger, _ = run_session(tmp_path, load(path, flags))
    records = ledger.history.records()
    diverged = [r.number for r in records if r.state is TrialState.DIVERGED]
    assert any(number < startup for number in diverged)
    assert all(records[number].epoch == 0 for number in diverged)
    later = [number for number in diverged if number >= startup]
    assert len(later) < 0.25 * (trials - startup), later


def test_a_trial_without_a_report_is_no_complete_one(tmp_path: Path) -> None:
    config = _config(tmp_path)
    with open_sweep(tmp_path, config) as ledger:
        conductor = Conductor(ledger, ONE)
        conductor.next_trial()
        conductor.on_outcome(0, Outcome(TrialState.COMPLETE, "trained 4 epochs"))
        record = ledger.record(0)
        assert (record.state, record.value) == (TrialState.FAILED, None)
        assert record.reason == "the task ended without a report"
    with open_sweep(tmp_path, config) as ledger:
        assert ledger.unfinished() == []


def test_the_time_after_a_kill_is_not_part_of_the_budget(tmp_path: Path) -> None:
    config = _config(tmp_path)
    with open_sweep(tmp_path, config) as ledger:
        ledger.begin_session()
        Conductor(ledger, ONE).next_trial()
    # killed long ago: all that was written is moved into the past
    history = tmp_path / "toy" / "history.jsonl"
    lines = [json.loads(line) for line in history.read_text().splitlines()]
    past = [json.dumps({**line, "time": line["time"] - 36_000}) + "\n" for line in lines]
    history.write_text("".join(past))
    for _ in range(2):
        with open_sweep(tmp_path, config) as ledger:
            assert ledger.history.elapsed(time.time()) < 60
            assert ledger.record(0).state is TrialState.INTERRUPTED
    *_, end = (json.loads(line) for line in history.read_text().splitlines())
    assert (end["event"], end["reason"]) == ("session_end", "lost")
    assert end["time"] < time.time() - 35_000


def test_a_journal_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.FileIO):
        def write(self, _: Any) -> int:
            raise OSError(28, "No space left on device")

    with open_sweep(tmp_path, _config(tmp_path)) as ledger:
        conductor = Conductor(ledger, ONE)
        conductor.next_trial()
        journal = ledger._study._journal
        assert journal is not None
        with monkeypatch.context() as patch, Full(journal.path, "ab") as disk:
            patch.setattr(journal._log, "_file", disk)
            with pytest.raises(LedgerError, match=r"study\.journal: No space left"):
                conductor.on_report(0, EpochReport(1, {"score": 1.0}, 0.0))


def test_a_target_once_reached_ends_the_sweep_for_good(tmp_path: Path) -> None:
    config = _config(tmp_path, trials=12)
    budget = config.budget.model_copy(update={"target": 3.0})
    config = config.model_copy(update={"budget": budget})
    before = len(run_session(tmp_path, config)[0].history)
    assert before < 12
    ledger, conductor = run_session(tmp_path, config)
    assert len(ledger.history) == before
    assert (conductor.ending, conductor.why) == (Ending.FINISHED, "target score 3 reached")


@pytest.mark.parametrize("name", ["study.journal", "history.jsonl"])
def test_a_ledger_that_lost_a_part_is_refused_and_left_as_it_is(tmp_path: Path, name: str) -> None:
    config = _config(tmp_path, trials=3)
    history = run_session(tmp_path, config)[0].paths.history
    history.with_name(name).unlink()
    kept = history.read_bytes() if history.exists() else b""
    with pytest.raises(LedgerError, match="do not agree on trial 0"):
        run_session(tmp_path, config)
    assert history.read_bytes() == kept


def test_a_damaged_journal_is_called_so(tmp_path: Path) -> None:
    config = _config(tmp_path, trials=2)
    journal = run_session(tmp_path, config)[0].paths.journal()
    journal.write_bytes(b"\xff garbage\n" + journal.read_bytes())
    with pytest.raises(LedgerError, match=r"study\.journal:1: damaged line"):
        run_session(tmp_path, config)


def test_a_trial_hangs_some_time_after_its_deadline(tmp_path: Path) -> None:
    config = load(toy.write_space(tmp_path, "valley"), ["budget.trial_hours=1"])
    now = [1_000_000.0]
    with open_sweep(tmp_path, config) as ledger:
        conductor = Conductor(ledger, TWO, clock=lambda: now[0])
        trial = conductor.next_trial()
        assert isinstance(trial, Trial)
        conductor.on_report(0, EpochReport(1, {"score": 1.0}, 0.0))
        # the worker has its limit, then a tenth of that and half a minute to end the trial itself
        for now[0], hanging in ((1_003_600.0, []), (1_003_989.0, []), (1_003_991.0, [0])):
            assert conductor.overdue() == hanging
        conductor.on_hanging(0)
        assert conductor.overdue() == []
        record = ledger.record(0)
    assert (record.state, record.value) == (TrialState.TIMED_OUT, 1.0)
    assert record.reason == "hung in epoch 2, beyond the limit of 1 h 00 min: the worker was killed"


def test_a_trial_that_ran_out_of_memory_is_ended_by_its_next_worker(tmp_path: Path) -> None:
    with open_sweep(tmp_path, _config(tmp_path)) as ledger:
        conductor = Conductor(ledger, ONE)
        conductor.next_trial()
        conductor.on_report(0, EpochReport(1, {"score": 1.0}, 0.0))
        again = conductor.on_worker_lost(0, "out of memory: 9 MiB")
        assert (again.number, again.reported) == (0, 1)
        run = TrialRun(again)
        outcome = run.step()
        run.close()
        assert outcome == Outcome(TrialState.OUT_OF_MEMORY, "out of memory: 9 MiB")


def test_used_up_hours_end_a_session_before_it_begins(tmp_path: Path) -> None:
    config = load(toy.write_space(tmp_path, "valley"), ["budget.hours=0.5"])
    with open_sweep(tmp_path, config) as ledger:
        ledger.history.add({"event": "session", "session": 1, "time": 0.0})
        ledger.history.add({"event": "session_end", "time": 1801.0, "reason": ""})
        conductor = Conductor(ledger, ONE, clock=lambda: 5000.0)
        assert (conductor.ending, conductor.why) == (Ending.FINISHED, "budget of 0.5 h used up")


def _pausing(ledger: Ledger) -> tuple[Conductor, list[Trial]]:
    """Two trials at work, of which one has reported, when a pause begins."""
    ledger.begin_session()
    conductor = Conductor(ledger, TWO)
    trials = [conductor.next_trial() for _ in range(2)]
    assert all(isinstance(trial, Trial) for trial in trials)
    conductor.on_report(0, _report(1))
    conductor.pause("mina@mars")
    return conductor, trials  # type: ignore[return-value]


def _report(epoch: int) -> EpochReport:
    return EpochReport(epoch, {"score": 1.0, "train_loss": 1.0}, time.time())


def test_a_pause_turns_trials_away_until_it_is_over(tmp_path: Path) -> None:
    with open_sweep(tmp_path, _config(tmp_path, trials=2)) as ledger:
        conductor, _ = _pausing(ledger)
        assert conductor.next_trial() is Next.NOTHING
        assert conductor.leaves(_report(2))
        assert not conductor.leaves(_report(4)), "after its last epoch a trial just ends"
        for number in (0, 1):
            conductor.on_left(number)
        assert [r.state for r in ledger.history.records()] == [TrialState.INTERRUPTED] * 2
        assert ledger.history.record(0).epoch == 1  # type: ignore[union-attr]
        assert conductor.has_more
        conductor.go()
        conductor.begin_round()
        again = [conductor.next_trial() for _ in range(2)]
        assert [(t.number, t.reported) for t in again] == [(0, 1), (1, 0)]  # type: ignore[union-attr]
        conductor.on_outcome(0, Outcome(TrialState.COMPLETE, "trained 4 epochs"))
        assert conductor.next_trial() is Next.NOTHING
        assert conductor.ending is Ending.FINISHED
        assert not conductor.has_more


def test_what_a_pause_sent_away_is_finished_though_all_trials_were_asked(tmp_path: Path) -> None:
    with open_sweep(tmp_path, _config(tmp_path, trials=2)) as ledger:
        conductor, _ = _pausing(ledger)
        conductor.drain(Ending.FINISHED, "all 2 trials are done")
        conductor.on_left(1)
        assert conductor.has_more
        conductor.go()
        conductor.begin_round()
        assert isinstance(conductor.next_trial(), Trial)
        assert not conductor.has_more


@pytest.mark.parametrize("ending", [Ending.STOPPED, Ending.CANCELLED])
def test_a_pause_can_end_with_the_session(tmp_path: Path, ending: Ending) -> None:
    with open_sweep(tmp_path, _config(tmp_path, trials=4)) as ledger:
        conductor, _ = _pausing(ledger)
        for number in (0, 1):
            conductor.on_left(number)
        conductor.stop("mina") if ending is Ending.STOPPED else conductor.cancel("mina")
        assert (conductor.ending, conductor.pausing, conductor.has_more) == (ending, "", False)
        assert conductor.next_trial() is Next.NOTHING
        ledger.end_session(ending, conductor.why)
    with open_sweep(tmp_path, _config(tmp_path, trials=4)) as ledger:
        assert ledger.unfinished() == [0, 1]
        assert ledger.history.last_end is not None
        assert ledger.history.last_end["why"].startswith("mina")


def test_a_trial_that_ray_gives_up_too_early_is_the_next_to_run(tmp_path: Path) -> None:
    with open_sweep(tmp_path, _config(tmp_path, trials=2)) as ledger:
        ledger.begin_session()
        conductor = Conductor(ledger, TWO)
        first, second = conductor.next_trial(), conductor.next_trial()
        assert isinstance(first, Trial)
        assert isinstance(second, Trial)
        conductor.on_outcome(first.number, Outcome(TrialState.FAILED, "x"))
        assert conductor.next_trial() is Next.NOTHING  # Ray asks no more in this round
        given_up = SimpleNamespace(
            config={"trial": second},
            num_failures=2,
            max_failures=2,
            get_pickled_error=lambda: None,
        )
        LedgerCallback(conductor, lambda: None).on_trial_error(0, [], given_up)  # type: ignore[arg-type]
        assert ledger.record(second.number).state is TrialState.INTERRUPTED
        assert conductor.has_more
        conductor.begin_round()
        again = conductor.next_trial()
        assert isinstance(again, Trial)
        assert (again.number, again.params) == (second.number, second.params)
        given_up.num_failures = 3
        LedgerCallback(conductor, lambda: None).on_trial_error(0, [], given_up)  # type: ignore[arg-type]
        assert ledger.record(second.number).reason == "the worker died 3 times"
        assert not conductor.has_more


@pytest.mark.parametrize("hungry", [False, True])
def test_a_worker_that_ray_ends_for_the_memory_of_others_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hungry: bool
) -> None:
    monkeypatch.setattr(Workers, "was_hungry", lambda *_: hungry)
    with open_sweep(tmp_path, _config(tmp_path, trials=2)) as ledger:
        ledger.begin_session()
        conductor = Conductor(ledger, TWO)
        trial = conductor.next_trial()
        assert isinstance(trial, Trial)
        ended = SimpleNamespace(
            config={"trial": trial},
            num_failures=1,
            max_failures=2,
            get_pickled_error=lambda: OutOfMemoryError("task was killed"),
        )
        callback = LedgerCallback(conductor, lambda: None)
        callback.on_trial_recover(0, [], ended)  # type: ignore[arg-type]
        ended_at_once = isinstance(TrialRun(ended.config["trial"]).step(), Outcome)
        assert ended_at_once is hungry
        ended.num_failures = 3
        callback.on_trial_error(0, [], ended)  # type: ignore[arg-type]
        assert ledger.record(trial.number).state is TrialState.OUT_OF_MEMORY


def test_hours_of_a_pause_do_not_count(tmp_path: Path) -> None:
    with open_sweep(tmp_path, _config(tmp_path)) as ledger:
        clock = iter([1000.0, 1010.0, 5000.0, 9000.0])
        ledger._clock = lambda: next(clock)
        ledger.begin_session()
        ledger.pause("mina@mars")
        assert ledger.history.elapsed(4000.0) == 10.0
        assert ledger.history.paused is not None
        assert ledger.history.paused["by"] == "mina@mars"
        ledger.go()
        assert ledger.history.paused is None
        assert ledger.history.elapsed(5005.0) == 15.0
        ledger.pause("mina@mars")
    with open_sweep(tmp_path, _config(tmp_path)) as ledger:  # killed in the second pause, at 9000
        assert ledger.history.seconds == 4010.0
        assert ledger.history.last_end is not None
        assert ledger.history.last_end["reason"] == "lost"
