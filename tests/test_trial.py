"""Every way for a trial to end, told apart; nothing left behind."""

import gc
import logging
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from sweeper.errors import Diverged
from sweeper.records import EpochReport, Trial, TrialState
from sweeper.trial import LOG_NAME, Outcome, TrialRun, request_stop


def _report(epoch: int, value: float = 1.0) -> EpochReport:
    return EpochReport(epoch, {"val": value}, time.time())


def finishes(trial: Trial, /) -> Iterator[EpochReport]:
    for epoch in range(trial.reported + 1, trial.epochs + 1):
        print(f"epoch {epoch}")
        yield _report(epoch)


def diverges(trial: Trial, /) -> Iterator[EpochReport]:
    yield _report(1)
    raise Diverged("loss is nan at step 9")


def reports_nan(trial: Trial, /) -> Iterator[EpochReport]:
    yield _report(1, float("nan"))


def fails_to_clean_up(trial: Trial, /) -> Iterator[EpochReport]:
    try:
        yield _report(1, float("nan"))
    finally:
        raise ValueError("in the clean-up")


def out_of_memory(trial: Trial, /) -> Iterator[EpochReport]:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GiB")
    yield


def cpu_out_of_memory(trial: Trial, /) -> Iterator[EpochReport]:
    yield EpochReport(1, {"val": float(torch.empty(2**50).sum())}, 0.0)


def breaks(trial: Trial, /) -> Iterator[EpochReport]:
    raise ValueError("the user's mistake\nin two lines")
    yield


def draws(trial: Trial, /) -> Iterator[EpochReport]:
    yield EpochReport(1, {"torch": float(torch.rand(())), "python": random.random()}, 0.0)


class _Mute(RuntimeError):
    def __str__(self) -> str:
        raise ValueError


def breaks_mutely(trial: Trial, /) -> Iterator[EpochReport]:
    raise _Mute
    yield


def exits(trial: Trial, /) -> Iterator[EpochReport]:
    raise SystemExit("bye")
    yield


def interrupts(trial: Trial, /) -> Iterator[EpochReport]:
    raise KeyboardInterrupt
    yield


def ends_like_a_generator(trial: Trial, /) -> Iterator[EpochReport]:
    raise GeneratorExit("of its own")
    yield


def breaks_with_half_a_character(trial: Trial, /) -> Iterator[EpochReport]:
    print("\ud800")
    raise ValueError("half \ud800 and NUL \0 and " + 9999 * "long")
    yield


def takes_too_large_a_step(trial: Trial, /) -> Iterator[EpochReport]:
    yield EpochReport(1, {"val": 1.0}, 0.0, {2**70: 1.0})


def has_no_clock(trial: Trial, /) -> Iterator[EpochReport]:
    yield EpochReport(1, {"val": 1.0}, float("nan"))


def fails_to_stop(trial: Trial, /) -> Iterator[EpochReport]:
    try:
        yield _report(1)
    finally:
        raise KeyboardInterrupt


def reports_tensors(trial: Trial, /) -> Iterator[EpochReport]:
    metrics: dict[str, Any] = {"val": torch.tensor(0.5)}
    steps: dict[int, Any] = {3: numpy.float32(2.0)}
    yield EpochReport(1, metrics, 0.0, steps)


def starts_at_zero(trial: Trial, /) -> Iterator[EpochReport]:
    yield _report(0)


def jumps(trial: Trial, /) -> Iterator[EpochReport]:
    yield _report(1)
    yield _report(3)


def goes_on_and_on(trial: Trial, /) -> Iterator[EpochReport]:
    yield from map(_report, range(1, 99))


def stops_early(trial: Trial, /) -> Iterator[EpochReport]:
    yield _report(1)


def _run(
    tmp_path: Path, task: str, *, deadline: float | None = None, metric: str | None = None
) -> TrialRun:
    objective = {} if metric is None else {"objective": {"metric": metric}}
    return TrialRun(
        Trial(
            number=0,
            params={},
            config={"task": f"{__name__}:{task}", **objective},
            seed=5,
            directory=tmp_path / "0000",
            epochs=2,
            deadline=deadline,
        )
    )


def _all_steps(run: TrialRun) -> tuple[list[EpochReport], Outcome]:
    reports = []
    while not isinstance(result := run.step(), Outcome):
        reports.append(result)
    run.close()
    return reports, result


def test_garbage_is_searched_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = _run(tmp_path, "finishes")
    searches: list[bool] = []
    monkeypatch.setattr(gc, "collect", lambda: searches.append(True))
    _all_steps(run)
    run.close()
    assert searches == [True]


def test_a_task_that_runs_out_is_complete(tmp_path: Path) -> None:
    reports, outcome = _all_steps(_run(tmp_path, "finishes"))
    assert [r.epoch for r in reports] == [1, 2]
    assert outcome == Outcome(TrialState.COMPLETE, "trained 2 epochs")
    assert "epoch 2" in (tmp_path / "0000" / LOG_NAME).read_text()


@pytest.mark.parametrize(
    ("task", "state", "reason", "spoiled"),
    [
        ("diverges", TrialState.DIVERGED, "loss is nan at step 9", False),
        ("reports_nan", TrialState.DIVERGED, "val is nan at epoch 1", False),
        ("fails_to_clean_up", TrialState.DIVERGED, "val is nan at epoch 1", False),
        ("out_of_memory", TrialState.OUT_OF_MEMORY, "out of memory: CUDA out of memory", True),
        ("cpu_out_of_memory", TrialState.OUT_OF_MEMORY, "out of memory", True),
        ("breaks", TrialState.FAILED, "ValueError: the user's mistake", True),
        ("missing", TrialState.FAILED, "LookupError: module", True),
    ],
)
def test_endings(tmp_path: Path, task: str, state: TrialState, reason: str, spoiled: bool) -> None:
    _, outcome = _all_steps(_run(tmp_path, task))
    assert outcome.state is state
    assert outcome.reason.startswith(reason)
    assert outcome.spoiled is spoiled
    assert ("Traceback" in outcome.details) is spoiled


def test_a_request_ends_the_trial_before_its_next_epoch(tmp_path: Path) -> None:
    run = _run(tmp_path, "finishes")
    assert isinstance(run.step(), EpochReport)
    request_stop(tmp_path / "0000", TrialState.PRUNED, "below the median")
    assert run.step() == Outcome(TrialState.PRUNED, "below the median")
    run.close()


def test_a_request_outlives_the_worker(tmp_path: Path) -> None:
    request_stop(tmp_path / "0000", TrialState.PRUNED, "below the median")
    reports, outcome = _all_steps(_run(tmp_path, "finishes"))
    assert reports == []
    assert outcome.state is TrialState.PRUNED


@pytest.mark.parametrize("torn", ["", "{", "null", "[]", '{"state": "pruned"}', '{"state": "?"}'])
def test_a_torn_request_is_none(tmp_path: Path, torn: str) -> None:
    request_stop(tmp_path / "0000", TrialState.PRUNED, "below the median")
    (tmp_path / "0000" / "stop.json").write_text(torn)
    reports, outcome = _all_steps(_run(tmp_path, "finishes"))
    assert (len(reports), outcome.state) == (2, TrialState.COMPLETE)


def test_a_requested_end_stays_whatever_the_task_does_about_it(tmp_path: Path) -> None:
    run = _run(tmp_path, "fails_to_stop")
    assert isinstance(run.step(), EpochReport)
    request_stop(tmp_path / "0000", TrialState.PRUNED, "below the median")
    assert run.step() == Outcome(TrialState.PRUNED, "below the median")
    run.close()
    assert "failed while it was closed" in (tmp_path / "0000" / LOG_NAME).read_text()


def test_the_deadline_is_an_ending(tmp_path: Path) -> None:
    _, outcome = _all_steps(_run(tmp_path, "finishes", deadline=time.time() - 1))
    assert outcome.state is TrialState.TIMED_OUT


def test_seeds_are_set_anew_for_every_trial(tmp_path: Path) -> None:
    (first,), _ = _all_steps(_run(tmp_path / "a", "draws"))
    torch.rand(3), random.random()
    (second,), _ = _all_steps(_run(tmp_path / "b", "draws"))
    assert first.metrics == second.metrics


def test_a_closed_trial_leaves_no_handler_and_no_open_file(tmp_path: Path) -> None:
    handlers = list(logging.getLogger().handlers)
    opened = len(list(Path("/proc/self/fd").iterdir()))
    _all_steps(_run(tmp_path, "finishes"))
    assert logging.getLogger().handlers == handlers
    assert len(list(Path("/proc/self/fd").iterdir())) == opened


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("starts_at_zero", "ValueError: the task reported epoch 0 of 2; epochs count from 1"),
        ("jumps", "ValueError: the task reported epoch 3 of 2 after epoch 1; "),
        ("goes_on_and_on", "ValueError: the task reported epoch 3 of 2 after epoch 2; "),
        ("exits", "SystemExit: bye"),
        ("interrupts", "KeyboardInterrupt: "),
        ("ends_like_a_generator", "GeneratorExit: of its own"),
        ("breaks_with_half_a_character", "ValueError: half \\ud800 and NUL \\x00 and long"),
        ("takes_too_large_a_step", "ValueError: epoch 1 has step 1180591620717411303424; "),
        ("has_no_clock", "ValueError: the time of epoch 1 is nan"),
        ("breaks_mutely", "_Mute: (its message cannot be shown)"),
    ],
)
def test_what_would_break_the_driver_fails_the_trial(
    tmp_path: Path, task: str, reason: str
) -> None:
    run = _run(tmp_path, task)
    _, outcome = _all_steps(run)
    run.close()
    assert outcome.state is TrialState.FAILED
    assert outcome.reason.startswith(reason)
    assert len(outcome.reason) < 600
    assert "Traceback" in outcome.details
    (outcome.reason + outcome.details).encode()  # fit for files and terminals


def test_a_report_without_the_objective_fails_the_trial(tmp_path: Path) -> None:
    run = _run(tmp_path, "finishes", metric="val_si_sdr")
    reports, outcome = _all_steps(run)
    run.close()
    assert (reports, outcome.state) == ([], TrialState.FAILED)
    assert "'val_si_sdr' is not in the report of epoch 1, which has val" in outcome.reason


def test_reports_are_made_of_plain_numbers(tmp_path: Path) -> None:
    run = _run(tmp_path, "reports_tensors")
    (report,), _ = _all_steps(run)
    run.close()
    assert report == EpochReport(1, {"val": 0.5}, 0.0, {3: 2.0})
    assert type(report.metrics["val"]) is type(report.steps[3]) is float


def test_the_reason_tells_how_far_training_went(tmp_path: Path) -> None:
    run = _run(tmp_path, "stops_early")
    _, outcome = _all_steps(run)
    run.close()
    assert (outcome.state, outcome.reason) == (TrialState.COMPLETE, "trained 1 epoch")
