"""The history of all trials: events appended to one file, folded back into records.

Each line is one event, a JSON object with ``event`` and ``time``:

    session      a driver begins; ``session`` counts from 1; ``setting`` of its trials
    session_end  it leaves in order; ``reason`` ("lost": it was killed, says its successor)
    pause        no worker works on the sweep from now on, ``by`` whom it was wanted
    go           the pause is over
    start        a worker begins on ``trial``; ``params``, ``flat_params``, ``seed``, ``attempt``,
                 ``identity``, ``epochs`` of a full training; its share of ``gpus``, unless none; of
                 one that trains a configuration again also ``stage`` and ``confirms``
    epoch        ``trial`` reports ``epoch`` with ``metrics`` and ``steps``
    interrupt    the driver leaves ``trial`` unfinished
    end          ``trial`` ended in ``state`` because of ``reason``, with ``value``; ``diagnosis``
                 of its curve
    copy         ``trial`` is not trained: it has ``reports`` and ending of the trial ``copy_of``;
                 the other fields are those of start, epoch and end
    confirm      configurations are chosen to be trained again (`sweeper.ledger.confirmation`)
    reseed       study ``generation`` begins; ``moved``: what all trials so far have for parameters
                 that were options before; ``retried``: the failed trials that go on with it
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sweeper.errors import LedgerError
from sweeper.garbage import without_collections
from sweeper.ledger.confirmation import ConfirmPlan
from sweeper.ledger.files import MEND, entries
from sweeper.ledger.setting import Setting
from sweeper.records import EpochReport, ParamValue, Stage, TrialRecord, TrialState, counted

__all__ = ["History", "read_history", "read_report", "report_fields"]

Event = Mapping[str, Any]


@dataclass
class _Draft:
    """A trial while its events are being folded."""

    number: int
    params: Mapping[str, ParamValue]
    seed: int
    state: TrialState = TrialState.RUNNING
    reports: list[EpochReport] = field(default_factory=list)
    value: float | None = None
    reason: str = ""
    attempts: int = 0
    started: float | None = None
    ended: float | None = None
    seconds: float = 0.0
    seen: float = 0.0
    gpus: float = 0.0
    identity: str = ""
    session: int = 0
    stage: Stage = "search"
    confirms: int | None = None
    epochs: int | None = None

    @classmethod
    def of(cls, record: TrialRecord) -> _Draft:
        """Of an ended trial that goes on."""
        return cls(
            number=record.number,
            params=record.params,
            seed=record.seed,
            state=TrialState.INTERRUPTED,
            reports=list(record.reports),
            attempts=record.attempts,
            started=record.started,
            seconds=record.seconds or 0.0,
            identity=record.identity,
            session=record.session,
            stage=record.stage,
            confirms=record.confirms,
            epochs=record.epochs,
        )

    def work(self, time: float) -> None:
        """Count the worker's time since this attempt's last event."""
        self.seconds += max(0.0, time - self.seen)
        self.seen = time

    def holding(self, until: float) -> float:
        """GPU-seconds that are not counted yet: what it has held since its last event."""
        running = self.state is TrialState.RUNNING
        return self.gpus * max(0.0, until - self.seen) if running else 0.0

    def record(self) -> TrialRecord:
        return TrialRecord(
            number=self.number,
            params=self.params,
            state=self.state,
            seed=self.seed,
            reports=tuple(self.reports),
            value=self.value,
            reason=self.reason,
            attempts=self.attempts,
            started=self.started,
            ended=self.ended,
            seconds=self.seconds,
            identity=self.identity,
            session=self.session,
            stage=self.stage,
            confirms=self.confirms,
            epochs=self.epochs,
        )


class History:
    """All trials so far, kept up to date event by event.

    Attributes:
        sessions: how many there have been.
        last_end: the event that ended the last session; None while it lasts.
        paused: the event that paused the running session; None while it works.
        last_time: of the last event, in seconds since 1970.
        settings: what each session's trials were trained with; an older sweeper wrote none.
        firsts: the lowest trial that each session began or went on with.
        plan: which configurations are to be trained again; None before they are chosen.
        seeds: of all trials.
    """

    def __init__(self, past: Iterable[Event] = ()) -> None:
        self._drafts: dict[int, _Draft] = {}
        self._finished: dict[int, TrialRecord] = {}
        self._by_identity: dict[str, list[int]] = {}
        self.seeds: set[int] = set()
        self.sessions = 0
        self.seconds = 0.0
        self._gpu_seconds = 0.0
        self._session_began: float | None = None
        self.last_end: Event | None = None
        self.paused: Event | None = None
        self.last_time: float | None = None
        self.plan: ConfirmPlan | None = None
        self.generation = 0
        self.carried = 0  # trials from before the present study
        self.settings: dict[int, Setting] = {}
        self.firsts: dict[int, int] = {}
        self.confirming = 0  # trials that train a configuration again
        for event in past:
            self.add(event)

    def add(self, event: Event) -> None:
        """Fold in one event."""
        handler = _HANDLERS.get(event["event"])
        if handler is None:
            raise LedgerError(f"unknown event {event['event']!r}: written by a newer sweeper?")
        handler(self, event)
        self.last_time = event["time"]

    def __len__(self) -> int:
        return len(self._finished) + len(self._drafts)

    def record(self, number: int) -> TrialRecord | None:
        """The trial with this number, or None."""
        if number in self._finished:
            return self._finished[number]
        draft = self._drafts.get(number)
        return draft.record() if draft else None

    def records(self) -> list[TrialRecord]:
        """All trials by number."""
        live = {n: d.record() for n, d in self._drafts.items()}
        found = {**self._finished, **live}
        return [found[number] for number in sorted(found)]

    def counted(self, epochs: int) -> list[TrialRecord]:
        """All trials by number, as they count where a full training has ``epochs``."""
        return [counted(record, epochs) for record in self.records()]

    def begun(self) -> list[TrialRecord]:
        """The trials that have not ended, by number."""
        return [draft.record() for _, draft in sorted(self._drafts.items())]

    def trained_as(self, identity: str) -> list[TrialRecord]:
        """The trials of this training that have ended, by number."""
        return [self._finished[number] for number in sorted(self._by_identity.get(identity, []))]

    def elapsed(self, now: float) -> float:
        """Seconds that drivers have spent on the sweep, the running session counted to ``now``."""
        return self.seconds + self._session_seconds(now)

    def gpu_seconds(self, now: float) -> float:
        """Seconds that trials have held GPUs, times the GPUs of each, running ones to ``now``.

        Also what an interrupted trial has to train again: unlike a trial's own seconds, this is
        what the sweep has cost.
        """
        return self._gpu_seconds + sum(d.holding(now) for d in self._drafts.values())

    @property
    def in_session(self) -> bool:
        """Whether the last session has no end: its driver is at work, or was killed."""
        return self._session_began is not None

    def _on_session(self, event: Event) -> None:
        # older histories have no end of a lost session, which counts up to its last event
        self.seconds += self._session_seconds(self.last_time or 0.0)
        self.sessions = event["session"]
        self._session_began = event["time"]
        self.last_end = self.paused = None
        if setting := event.get("setting"):
            self.settings[self.sessions] = Setting(**setting)

    def _on_session_end(self, event: Event) -> None:
        self.seconds += self._session_seconds(event["time"])
        self._session_began = self.paused = None
        self.last_end = event

    def _on_pause(self, event: Event) -> None:
        self.paused = event

    def _on_go(self, event: Event) -> None:
        if self.paused is not None and self._session_began is not None:
            self._session_began += max(0.0, event["time"] - self.paused["time"])
            self.paused = None

    def _session_seconds(self, until: float) -> float:
        """How long the session has worked; a clock that was set back takes nothing away."""
        if self._session_began is None:
            return 0.0
        if self.paused is not None:
            until = min(until, self.paused["time"])
        return max(0.0, until - self._session_began)

    def _on_start(self, event: Event) -> None:
        number = event["trial"]
        identity = event.get("identity", "")
        draft = self._drafts.get(number)
        if draft is None:
            draft = _Draft(number, event["params"], event["seed"], identity=identity)
            draft.stage = event.get("stage", "search")
            draft.confirms = event.get("confirms")
            self.confirming += draft.stage == "confirm"
            self._drafts[number] = draft
            self.seeds.add(draft.seed)
        elif not draft.reports:
            draft.identity = identity  # it has begun anew
        elif draft.identity != identity:
            draft.identity = ""  # a training by two codes is the same as no other
        draft.params = event["params"]
        draft.epochs = _epochs(event)
        draft.session = self.sessions
        self.firsts[self.sessions] = min(number, self.firsts.get(self.sessions, number))
        draft.state = TrialState.RUNNING
        draft.gpus = event.get("gpus", 0.0)
        draft.attempts = event["attempt"]
        draft.started = draft.started if draft.started is not None else event["time"]
        draft.seen = event["time"]

    def _on_epoch(self, event: Event) -> None:
        draft = self._drafts[event["trial"]]
        draft.reports.append(read_report(event))
        self._gpu_seconds += draft.holding(event["time"])
        draft.work(event["time"])

    def _on_interrupt(self, event: Event) -> None:
        draft = self._drafts[event["trial"]]
        self._gpu_seconds += draft.holding(event["time"])
        draft.state = TrialState.INTERRUPTED

    def _on_end(self, event: Event) -> None:
        draft = self._drafts.pop(event["trial"])
        self._gpu_seconds += draft.holding(event["time"])
        if draft.state is TrialState.RUNNING:
            draft.work(event["time"])
        draft.state = TrialState(event["state"])
        draft.value, draft.reason, draft.ended = event["value"], event["reason"], event["time"]
        self._finish(draft.record())

    def _finish(self, record: TrialRecord) -> None:
        self._finished[record.number] = record
        self._by_identity.setdefault(record.identity, []).append(record.number)

    def _on_confirm(self, event: Event) -> None:
        self.plan = ConfirmPlan.from_fields(event)

    def _on_reseed(self, event: Event) -> None:
        self.generation, self.carried = event["generation"], len(self)
        self.plan = None
        for number in event.get("retried", ()):
            self._reopen(number)
        for draft in self._drafts.values():
            draft.params = {**event["moved"], **draft.params}
        for number, record in self._finished.items():
            params = {**event["moved"], **record.params}
            self._finished[number] = replace(record, params=params)

    def _reopen(self, number: int) -> None:
        """Let an ended trial go on as one that was interrupted; once, however often it is told."""
        if number not in self._finished:
            return
        record = self._finished.pop(number)
        self._by_identity[record.identity].remove(number)
        self._drafts[number] = _Draft.of(record)

    def _on_copy(self, event: Event) -> None:
        self.seeds.add(event["seed"])
        copied = TrialRecord(
            number=event["trial"],
            params=event["params"],
            state=TrialState(event["state"]),
            seed=event["seed"],
            reports=tuple(map(read_report, event["reports"])),
            value=event["value"],
            reason=event["reason"],
            attempts=0,
            started=event["time"],
            ended=event["time"],
            seconds=0.0,
            copy_of=event["copy_of"],
            identity=event["identity"],
            epochs=_epochs(event),
        )
        self._finish(copied)


_HANDLERS: Mapping[str, Callable[[History, Event], None]] = {
    name.removeprefix("_on_"): handler
    for name, handler in vars(History).items()
    if name.startswith("_on_")
}


def _epochs(event: Event) -> int | None:
    """How many epochs a full training had; an older sweeper wrote it for MLflow only."""
    found = event.get("epochs", event.get("flat_params", {}).get("epochs"))
    return None if found is None else int(found)


def read_report(event: Event) -> EpochReport:
    """A report from what `report_fields` gave."""
    steps = event["steps"]
    by_number = dict(zip(map(int, steps), steps.values(), strict=True))
    return EpochReport(event["epoch"], event["metrics"], event["time"], by_number)


def report_fields(report: EpochReport) -> dict[str, Any]:
    """A report as events have it."""
    return {
        "time": report.time,
        "epoch": report.epoch,
        "metrics": dict(report.metrics),
        "steps": {str(step): loss for step, loss in report.steps.items()},
    }


def read_history(path: Path) -> History:
    """Read the history at ``path``; empty where there is none.

    Raises:
        LedgerError: a line is damaged, or is no event that can follow on those before it.
    """
    history = History()
    with without_collections():
        _read_into(history, path)
    return history


def _read_into(history: History, path: Path) -> None:
    for number, event in enumerate(entries(path), start=1):
        try:
            history.add(event)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            why = f"{type(error).__name__}: {error}"
            raise LedgerError(f"{path}:{number}: damaged line: {why}. {MEND}") from error
