"""What the sweep does next. All decisions, and no Ray: the adapters only carry them out."""

from __future__ import annotations

import enum
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sweeper import words
from sweeper.config import apply
from sweeper.engine.confirm import ConfirmStage
from sweeper.engine.failures import Failures
from sweeper.engine.limits import hours_used_up, is_over, target_reached
from sweeper.engine.storage import Storage
from sweeper.engine.trial_files import TrialFiles
from sweeper.records import EpochReport, Trial, TrialRecord, TrialState
from sweeper.trial import Outcome

if TYPE_CHECKING:
    from sweeper.engine.resources import Slots
    from sweeper.ledger.ledger import Ledger

__all__ = ["Conductor", "Ending", "Next"]

log = logging.getLogger(__name__)

_GRACE_SECONDS, _GRACE_SHARE = 30.0, 0.1
"""How long after its deadline a trial hangs: this long, and this share of its limit longer."""


Why = Callable[[], str]
"""A reason in words, which can change while the last trials run."""


class Next(enum.Enum):
    """What there is to run when it is no trial."""

    LATER = "all slots are taken"
    NOTHING = "no further trial in this session"


class Ending(enum.StrEnum):
    """Why a session is over."""

    FINISHED = "finished"
    """The budget is used up, or the target reached."""
    STOPPED = "stopped"
    """A person wanted no further trials; the running ones were finished."""
    CANCELLED = "cancelled"
    """A person wanted it to end at once; running trials go on with the next session."""
    ABORTED = "aborted"
    """Too many trials failed."""

    @property
    def exit_code(self) -> int:
        """For the shell: 0 done, 1 given up, 130 interrupted by a person."""
        return {Ending.FINISHED: 0, Ending.ABORTED: 1}.get(self, 130)


@dataclass
class Conductor:
    """Hands out trials, takes their reports, and ends them, within the budget.

    Attributes:
        ending: set once no new trial shall start.
        files: by which workers are talked to.
        pausing: who wants that no trial runs until further notice; empty for nobody.
        confirm_now: train the best again, and let the search be, whatever is left of it.
        training: a worker has begun to train in this session.
    """

    ledger: Ledger
    slots: Slots
    clock: Callable[[], float] = time.time
    ending: Ending | None = None
    pausing: str = ""
    confirm_now: bool = False
    training: bool = False

    def __post_init__(self) -> None:
        self._config = self.ledger.config
        self.files = TrialFiles(self.ledger.paths, Storage.of(self._config))
        self._waiting = deque(self.ledger.unfinished())
        self._running: dict[int, float | None] = {}  # with their deadlines
        self._left: deque[int] = deque()
        self._turned_away = False
        self._failures = Failures(self._config.budget)
        self._stage = ConfirmStage(self.ledger, self.confirm_now)
        self._why = _said("")
        self._searched: Why | None = None  # why the search is over
        if self.confirm_now:
            self._end_search("on request")
        self._end_search(is_over(self._config, self.ledger.history, self.clock()))
        self._check_hours()

    @property
    def why(self) -> str:
        """Why no new trial shall start, in words that are true by now; empty while some may."""
        return self._why()

    @property
    def last_failure(self) -> Outcome | None:
        return self._failures.last

    @property
    def running(self) -> frozenset[int]:
        return frozenset(self._running)

    def overdue(self) -> list[int]:
        """Running trials that should have ended long ago: their workers hang."""
        hours = self._config.budget.trial_hours
        if hours is None:
            return []
        latest = self.clock() - _GRACE_SECONDS - _GRACE_SHARE * hours * 3600
        return [n for n, deadline in self._running.items() if deadline and deadline < latest]

    def next_trial(self) -> Trial | Next:
        """The next trial for a free slot: unfinished ones first, then the sampler's."""
        if self.pausing:
            self._turned_away = True
            return Next.NOTHING
        if len(self._running) >= self.slots.concurrent:
            return Next.LATER
        found = self._next_number()
        while isinstance(found, int) and self._is_copied(found):
            found = self._next_number()
        return self._start(found) if isinstance(found, int) else found

    def on_report(self, number: int, report: EpochReport) -> None:
        """Take an epoch's report, and end the trial if the pruner says so.

        The worker can go on; once it does, `settle` is due.
        """
        stop = self.ledger.report(number, report)
        if not self.ledger.is_confirming(number):
            self._end_search(target_reached(self._config, report))
        if stop and report.epoch < self._config.epochs:
            self._stop(number, report)

    def settle(self) -> None:
        """Bring to the disk what was taken while a worker waited."""
        self.ledger.settle()

    def on_outcome(self, number: int, outcome: Outcome) -> None:
        """Take how a trial ended."""
        self._running.pop(number, None)
        if outcome.state is TrialState.COMPLETE and not self.ledger.record(number).reports:
            outcome = Outcome(TrialState.FAILED, "the task ended without a report")
        self.files.collect(number)
        record = self.ledger.end(number, outcome.state, outcome.reason)
        self.files.discard_checkpoints(number)
        if why := self._failures.count(replace(outcome, state=record.state)):
            self.drain(Ending.ABORTED, why)

    def on_worker_lost(self, number: int, out_of_memory: str = "") -> Trial:
        """A worker died and Ray starts another on the same trial; gives what it shall work on.

        Args:
            out_of_memory: what to say where it died of that; the other worker then only ends it.
        """
        self.ledger.interrupt(number, out_of_memory or "the worker was lost")
        if out_of_memory:
            self.files.ask_to_stop(number, TrialState.OUT_OF_MEMORY, out_of_memory)
        return self._start(number)

    def on_hanging(self, number: int) -> None:
        """The worker did not end the trial when its time was up, and was killed."""
        epoch = self.ledger.record(number).epoch + 1
        limit = words.duration((self._config.budget.trial_hours or 0.0) * 3600)
        reason = f"hung in epoch {epoch}, beyond the limit of {limit}: the worker was killed"
        self.on_outcome(number, Outcome(TrialState.TIMED_OUT, reason))

    def drain(self, ending: Ending, why: str | Why) -> None:
        """Start no new trial and finish the running ones; the first call counts."""
        if self.ending is None:
            self.ending, self._why = ending, _said(why)

    def cancel(self, why: str) -> None:
        """Leave the running trials as they are, for the next session."""
        self.ending, self._why = Ending.CANCELLED, _said(why)
        self.pausing = ""

    def stop(self, who: str) -> None:
        """Somebody wants no further trials. In a pause nothing runs, and the session ends."""
        if self.pausing:
            self._left.clear()
            self.ending, self.pausing = Ending.STOPPED, ""
            self._why = _said(f"{who}: the trials that were paused go on with `sweeper resume`")
        else:
            self.drain(Ending.STOPPED, f"{who}: the running trials finish, then the summary")

    def pause(self, by: str) -> None:
        """Let the running trials leave their workers after their epoch, and start no other."""
        if self.ending is not Ending.CANCELLED:
            self.pausing = self.pausing or by

    def go(self) -> None:
        """Let trials run again."""
        self.pausing = ""

    def leaves(self, report: EpochReport) -> bool:
        """Whether a trial leaves its worker after ``report``; after its last epoch it just ends."""
        return bool(self.pausing) and report.epoch < self._config.epochs

    def on_left(self, number: int, why: str = "") -> None:
        """A trial left its worker, because of a pause unless ``why`` says else; it is the next."""
        self._running.pop(number, None)
        paused = f"paused by {self.pausing}" if self.pausing else "paused"
        self.ledger.interrupt(number, why or paused)
        self._left.append(number)

    def settle_files(self) -> None:
        """Have the trials' files agree with the ledger, before any trial runs.

        Raises:
            SweeperError: their store does not answer, or is another sweep's.
        """
        ended = {r.number for r in self.ledger.history.records() if r.state.ended}
        unfinished = self.ledger.unfinished()
        if self._config.resources.ledger is None:
            self.files.refuse_others({*ended, *unfinished})
        else:
            self.files.adopt(ended, unfinished)

    def begin_round(self) -> None:
        """Trials are about to be handed out, from the session's beginning or after a pause."""
        self._turned_away = False

    @property
    def has_more(self) -> bool:
        """Whether trials were turned away in this round, or left, that are to run in another."""
        if self.ending is None:
            return self._turned_away
        return bool(self._left) and self.ending is not Ending.CANCELLED

    def _start(self, number: int) -> Trial:
        record = self.ledger.start(number, self.slots.gpus_per_trial)
        if record.reports:
            # a driver may have died between the pruner's decision and our request
            self.on_report(number, record.reports[-1])
        trial = self._for_worker(record)
        self._running[number] = trial.deadline
        return trial

    def _next_number(self) -> int | Next:
        self._check_hours()
        if self._left and self.ending is not Ending.CANCELLED:
            return self._left.popleft()
        if self.ending is not None:
            return Next.NOTHING
        number = self._unfinished()
        if number is None and not self._searched:
            number = self._search()
        return self._confirm() if number is None else number

    def _unfinished(self) -> int | None:
        """A trial of an earlier session; once the search is over, only one that confirms."""
        while self._waiting:
            number = self._waiting.popleft()
            if not self._searched or self.ledger.is_confirming(number):
                return number
        return None

    def _search(self) -> int | None:
        if self.ledger.count() >= self._config.budget.trials:
            self._end_search(self._all_words)
            return None
        number = self.ledger.ask()
        if number is None:
            self._end_search("every configuration of the search space has been tried")
        return number

    def _all_words(self) -> str:
        """Of a budget that is used up; the last of its trials may still run, or be paused."""
        unended = (*self._running, *self._left)
        done = all(self.ledger.is_confirming(number) for number in unended)
        return f"all {self._config.budget.trials} trials {'are done' if done else 'have begun'}"

    def _confirm_words(self) -> str:
        return f"{self._searched() if self._searched else ''}; {self._stage}"

    def _confirm(self) -> int | Next:
        """A trial of the stage after the search, which begins when that has ended whole."""
        if self.ending is not None:
            return Next.NOTHING
        if not all(self.ledger.is_confirming(number) for number in self._running):
            return Next.LATER
        number = self._stage.next()
        if number is None:
            self.drain(Ending.FINISHED, self._confirm_words)
            return Next.NOTHING
        return number

    def _is_copied(self, number: int) -> bool:
        """End the trial at once if its training has been done."""
        copied = self.ledger.copy(number)
        for report in copied.reports if copied else ():
            self._end_search(target_reached(self._config, report))
        return copied is not None

    def _for_worker(self, record: TrialRecord) -> Trial:
        hours = self._config.budget.trial_hours
        spent = record.seconds or 0.0
        return Trial(
            number=record.number,
            params=record.params,
            config={
                "task": self._config.task,
                "objective": self._config.objective.model_dump(mode="json"),
                **apply(self._config, record.params),
            },
            seed=record.seed,
            directory=self.ledger.paths.trial(record.number),
            epochs=self._config.epochs,
            reported=record.epoch,
            cpus=self.slots.cpus_per_trial,
            gpus=self.slots.gpus_per_trial,
            deadline=None if hours is None else self.clock() + hours * 3600 - spent,
        )

    def _stop(self, number: int, report: EpochReport) -> None:
        metric = self._config.objective.metric
        value = report.metrics[metric]
        reason = (
            f"{metric} {value:.4g} at epoch {report.epoch}: stopped by {self._config.pruner.name}"
        )
        self.files.ask_to_stop(number, TrialState.PRUNED, reason)

    def _end_search(self, why: str | Why) -> None:
        """Start no new trial of the search if there is a reason; what it found may be confirmed."""
        if why:
            self._searched = self._searched or _said(why)
            if not self._stage.wanted:
                self.drain(Ending.FINISHED, why)

    def _check_hours(self) -> None:
        """The budget of hours is that of everything, but for what a person wants beyond it."""
        why = hours_used_up(self._config, self.ledger.history, self.clock())
        if why and self._stage.beyond_hours:
            self._end_search(why)
        elif why:
            self.drain(Ending.FINISHED, why)


def _said(why: str | Why) -> Why:
    return (lambda: why) if isinstance(why, str) else why
