"""What a worker runs: one task, step by step, with every way to end told apart.

Knows no Ray: the engine calls `TrialRun.step` until it gets an `Outcome`.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import math
import operator
import os
import random
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper import families, words
from sweeper.errors import DeadlineReached, Diverged
from sweeper.records import EpochReport, Trial, TrialState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from typing import Any

__all__ = ["LOG_NAME", "STOP_NAME", "Outcome", "Task", "TrialRun", "replace_text", "request_stop"]

Task = Callable[[Trial], Iterator[EpochReport]]

LOG_NAME = "train.log"
STOP_NAME = "stop.json"
_LARGEST_STEP = 2**63 - 1
_LATEST = 32503680000.0  # the year 3000, in seconds since 1970
_LONGEST_REASON = 500  # characters

log = logging.getLogger("sweeper.trial")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a trial ended.

    Attributes:
        state: any ending of `TrialState`.
        reason: one line for people.
        details: the traceback where an exception ended it, else empty.
        spoiled: the worker may be damaged; the next trial wants a fresh one.
    """

    state: TrialState
    reason: str
    details: str = ""
    spoiled: bool = False


def request_stop(directory: Path, state: TrialState, reason: str) -> None:
    """Ask the worker on the trial in ``directory`` to end it after the epoch it is in.

    The request outlives driver and worker, so a decision once made is kept.
    """
    directory.mkdir(parents=True, exist_ok=True)
    replace_text(directory / STOP_NAME, json.dumps({"state": state, "reason": reason}))


def replace_text(path: Path, text: str) -> None:
    """Write ``text`` so that whoever reads ``path`` sees it whole, or what was there before.

    Unlike the ledger's own it does not wait for the disk.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


class TrialRun:
    """One trial in this process: call `step` until it returns an `Outcome`, then `close`."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._epochs: Iterator[EpochReport] | None = None
        self._epoch: int | None = None
        self._closed = False
        trial.directory.mkdir(parents=True, exist_ok=True)
        self._log_file = (trial.directory / LOG_NAME).open(
            "a", buffering=1, encoding="utf-8", errors="backslashreplace"
        )
        self._handler = logging.StreamHandler(self._log_file)
        self._handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logging.getLogger().addHandler(self._handler)
        logging.getLogger("sweeper").setLevel(logging.INFO)

    def step(self) -> EpochReport | Outcome:
        """Train one epoch, or say how the trial ended.

        Whatever the task or the user's model prints goes to the trial's log.
        """
        with (
            contextlib.redirect_stdout(self._log_file),
            contextlib.redirect_stderr(self._log_file),
        ):
            result = self._step()
        if isinstance(result, Outcome):
            log.info("%s: %s", result.state, result.reason)
            if result.details:
                log.error("%s", result.details)
        return result

    def close(self) -> None:
        """End the task if it has not ended and leave nothing behind for the next trial.

        Only the first call does anything.
        """
        if self._closed:
            return
        self._closed = True
        self._end_task()
        logging.getLogger().removeHandler(self._handler)
        self._log_file.close()
        gc.collect()
        if (torch := _torch()) is not None and torch.cuda.is_initialized():
            torch.cuda.empty_cache()

    def _step(self) -> EpochReport | Outcome:
        try:
            return self._advance()
        except Diverged as error:
            return Outcome(TrialState.DIVERGED, str(error))
        except DeadlineReached as error:
            return Outcome(TrialState.TIMED_OUT, str(error) or "time limit of the trial reached")
        except BaseException as error:  # users raise SystemExit and KeyboardInterrupt too
            details = words.printable(traceback.format_exc())
            if _is_out_of_memory(error):
                reason = f"out of memory{_peak_memory()}: {_first_line(error)}"
                return Outcome(TrialState.OUT_OF_MEMORY, reason, details, spoiled=True)
            reason = f"{type(error).__name__}: {_first_line(error)}"
            return Outcome(TrialState.FAILED, reason, details, spoiled=True)

    def _advance(self) -> EpochReport | Outcome:
        if (stop := self._stop_request()) is not None:
            # a task with a checkpoint but not yet begun in this process still writes its artifacts
            self._end_task()
            return stop
        if self._trial.deadline is not None and time.time() >= self._trial.deadline:
            raise DeadlineReached
        if self._epochs is None:
            self._epochs = self._begin()
        report = next(self._epochs, None)
        if report is None:
            epochs = self._epoch or self._trial.epochs
            return Outcome(TrialState.COMPLETE, f"trained {words.count(epochs, 'epoch')}")
        report = _plain(report)
        self._check(report)
        self._epoch = report.epoch
        return report

    def _check(self, report: EpochReport) -> None:
        """Refuse a report that the driver could not take: there it would end the whole sweep."""
        _check_reported(self._trial.config.get("objective"), report)
        # a task that goes on begins after its checkpoint, and may repeat what the ledger has
        follows = self._epoch is None or report.epoch == self._epoch + 1
        if not (1 <= report.epoch <= self._trial.epochs and follows):
            after = "" if self._epoch is None else f" after epoch {self._epoch}"
            raise ValueError(
                f"the task reported epoch {report.epoch} of {self._trial.epochs}{after}; "
                "epochs count from 1, one by one"
            )
        _check_storable(report)
        _check_finite(report)

    def _begin(self) -> Iterator[EpochReport]:
        task: Task = families.load("tasks", self._trial.config["task"])
        _seed_everything(self._trial.seed)
        if (torch := _torch()) is not None:
            # more threads than processors slow small LSTMs down several times
            torch.set_num_threads(max(1, int(self._trial.cpus)))
        return iter(task(self._trial))

    def _end_task(self) -> None:
        """Let the task clean up.

        The trial has its outcome or goes on elsewhere, so what that raises is only logged.
        """
        epochs, self._epochs = self._epochs, None
        if epochs is None or not hasattr(epochs, "close"):
            return
        try:
            epochs.close()
        except BaseException:
            log.exception("the task failed while it was closed")

    def _stop_request(self) -> Outcome | None:
        """The request; one that a power cut tore is none, and the next driver makes it again."""
        try:
            found = json.loads((self._trial.directory / STOP_NAME).read_text(encoding="utf-8"))
            return Outcome(TrialState(found["state"]), found["reason"])
        except (FileNotFoundError, ValueError, LookupError, TypeError):
            return None


def _plain(report: EpochReport) -> EpochReport:
    """The report in Python's own numbers: a task may give those of torch and numpy."""
    return EpochReport(
        operator.index(report.epoch),
        {words.printable(name): float(value) for name, value in report.metrics.items()},
        float(report.time),
        {operator.index(step): float(loss) for step, loss in report.steps.items()},
    )


def _check_reported(objective: Mapping[str, Any] | None, report: EpochReport) -> None:
    """Refuse a report without a metric that the sweep looks for."""
    for aim in (objective, *objective.get("also", ())) if objective is not None else ():
        if aim["metric"] not in report.metrics:
            there = ", ".join(report.metrics) or "nothing"
            missing = f"the objective {aim['metric']!r} is not in the report"
            raise ValueError(f"{missing} of epoch {report.epoch}, which has {there}")


def _check_storable(report: EpochReport) -> None:
    """Refuse what no database takes: the sweep's records in MLflow would end there."""
    if not 0 <= report.time <= _LATEST:
        raise ValueError(
            f"the time of epoch {report.epoch} is {report.time}, no seconds since 1970"
        )
    if wrong := [step for step in report.steps if not 0 <= step <= _LARGEST_STEP]:
        raise ValueError(
            f"epoch {report.epoch} has step {wrong[0]}; steps count from 1, by 64 bits"
        )


def _check_finite(report: EpochReport) -> None:
    for name, value in report.metrics.items():
        if not math.isfinite(value):
            raise Diverged(f"{name} is {value} at epoch {report.epoch}")


def _seed_everything(seed: int) -> None:
    random.seed(seed)
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed(seed % 2**32)
    if (torch := _torch()) is not None:
        torch.manual_seed(seed)


def _torch() -> ModuleType | None:
    """Torch where the task has imported it; a task without it must not pay for it."""
    return sys.modules.get("torch")


def _is_out_of_memory(error: BaseException) -> bool:
    torch = _torch()
    if isinstance(error, MemoryError) or (torch and isinstance(error, torch.OutOfMemoryError)):
        return True
    # on the CPU torch raises a plain RuntimeError
    return isinstance(error, RuntimeError) and "can't allocate memory" in _text(error)


def _peak_memory() -> str:
    torch = _torch()
    if torch is None or not torch.cuda.is_initialized():
        return ""
    return f" after a peak of {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB"


def _first_line(error: BaseException) -> str:
    return words.printable((_text(error).splitlines() or [""])[0])[:_LONGEST_REASON]


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception of the user's own may fail at that too
        return "(its message cannot be shown)"
