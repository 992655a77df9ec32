"""From the ledger's events to what must stand in MLflow: pure, nothing is written here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from sweeper.diagnosis import Finding
from sweeper.ledger.paths import SweepPaths
from sweeper.records import TrialState
from sweeper.tracker.identity import SweepIdentity
from sweeper.tracker.names import (
    at_best_key,
    finished_key,
    metric_key,
    metric_value,
    params_of,
    run_name,
)
from sweeper.tracker.tail import Event
from sweeper.tracker.tally import LiveTrial, Tally

__all__ = ["Birth", "Plan", "Point", "RunWrites", "Status", "plan"]

# a trial that was stopped on purpose is KILLED, as in MLflow's own Optuna storage
_TRIAL_STATUS = {
    TrialState.COMPLETE: "FINISHED",
    TrialState.PRUNED: "KILLED",
    TrialState.TIMED_OUT: "KILLED",
    TrialState.DIVERGED: "FAILED",
    TrialState.OUT_OF_MEMORY: "FAILED",
    TrialState.FAILED: "FAILED",
}
_SWEEP_STATUS = {"finished": "FINISHED", "aborted": "FAILED"}


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric; ``time`` in milliseconds since 1970."""

    key: str
    value: float
    time: int
    step: int


@dataclass(frozen=True, slots=True)
class Birth:
    """What a run is created with; ``time`` in milliseconds since 1970."""

    name: str
    time: int


@dataclass(frozen=True, slots=True)
class Status:
    """A run's status in MLflow's words, since ``time`` in milliseconds since 1970."""

    name: str
    time: int


@dataclass(slots=True)
class RunWrites:
    """What some events say about one run, in the order in which it is written."""

    birth: Birth | None = None
    params: dict[str, str] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    status: Status | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What some events say about the trials' runs and the parent run, and the tally after them."""

    trials: dict[int, RunWrites]
    parent: RunWrites
    tally: Tally


def plan(sweep: SweepIdentity, paths: SweepPaths, tally: Tally, events: Iterable[Event]) -> Plan:
    """Fold ``events``, which follow on ``tally``, into one batch of writes for each run."""
    fold = _Fold(sweep, paths, tally)
    for event in events:
        fold.add(event)
    return Plan(fold.trials, fold.parent, fold.tally)


def _diagnosis_tags(found: Mapping[str, str] | None) -> dict[str, str]:
    """The finding as a tag, to filter by; with its evidence and advice on top of the run's page."""
    if found is None:
        return {}
    finding = Finding(found["finding"])
    note = f"**{finding.words.capitalize()}**: {found['evidence']}.\n\n{finding.advice}"
    return {"sweeper.diagnosis": finding.value, "mlflow.note.content": note}


def _ms(event: Event) -> int:
    return int(event["time"] * 1000)


def _stage_tags(event: Event) -> dict[str, str]:
    """The stage of a trial, and what it trains again: a trial's number, or the centre."""
    confirms = event["confirms"]
    which = "centre" if confirms is None else str(confirms)
    return {"sweeper.stage": event["stage"], "sweeper.confirms": which}


class _Fold:
    def __init__(self, sweep: SweepIdentity, paths: SweepPaths, tally: Tally) -> None:
        self._sweep = sweep
        self._paths = paths
        self.tally = Tally.from_json(tally.to_json())
        self.trials: dict[int, RunWrites] = {}
        self.parent = RunWrites()
        self._handlers: dict[str, Callable[[Event], None]] = {
            "session": self._session,
            "session_end": self._session_end,
            "pause": partial(self._tag_parent, "paused"),
            "go": partial(self._tag_parent, "running"),
            "start": self._start,
            "epoch": self._epoch,
            "interrupt": self._interrupt,
            "end": self._end,
            "copy": self._copy,
            "reseed": self._reseed,
        }

    def add(self, event: Event) -> None:
        """Take in one event; the ledger refuses unknown ones, so here they are no concern."""
        if handler := self._handlers.get(event["event"]):
            handler(event)

    def _writes(self, event: Event) -> RunWrites:
        return self.trials.setdefault(event["trial"], RunWrites())

    def _live(self, event: Event) -> LiveTrial:
        return self.tally.live.setdefault(event["trial"], LiveTrial())

    def _session(self, event: Event) -> None:
        self.parent.tags |= {"sweeper.session": str(event["session"]), "sweeper.state": "running"}
        if contract := event.get("contract"):
            self.parent.tags[f"sweeper.contract.{event['session']}"] = contract
        self._turn_parent("RUNNING", event)

    def _session_end(self, event: Event) -> None:
        self.parent.tags["sweeper.state"] = event["reason"]
        self._turn_parent(_SWEEP_STATUS.get(event["reason"], "KILLED"), event)

    def _tag_parent(self, state: str, event: Event) -> None:
        self.parent.tags["sweeper.state"] = state

    def _turn_parent(self, status: str, event: Event) -> None:
        self.parent.status = Status(status, _ms(event))

    def _start(self, event: Event) -> None:
        writes, number = self._writes(event), event["trial"]
        self._bear(event)
        writes.tags |= {"sweeper.state": "running", "sweeper.attempt": str(event["attempt"])}
        before = self.tally.live.get(number)
        if before is not None and not before.working:
            writes.status = Status("RUNNING", _ms(event))
            writes.tags["sweeper.stop_reason"] = ""
        live = self._live(event)
        live.working, writes.ended = True, False
        if event.get("stage"):
            live.confirming = True
            self._writes(event).tags |= _stage_tags(event)
        self._changed(event)

    def _bear(self, event: Event) -> None:
        writes = self._writes(event)
        number = self._paths.trial(event["trial"]).name
        again = f"{number} {event['stage']}" if event.get("stage") else number
        name = run_name(again, event["params"])
        writes.birth = writes.birth or Birth(name, _ms(event))
        writes.params = params_of(event["flat_params"], event["seed"], self._sweep.log_scaled)

    def _epoch(self, event: Event) -> None:
        points, time, epoch = self._writes(event).points, _ms(event), event["epoch"]
        steps = event["steps"].items()
        points += [Point("train_loss_step", loss, time, int(step)) for step, loss in steps]
        points += [
            Point(metric_key(name), metric_value(name, value), time, epoch)
            for name, value in event["metrics"].items()
        ]
        sweep = self._sweep
        self._live(event).see(epoch, event["metrics"], sweep.metric, sweep.direction, sweep.also)

    def _interrupt(self, event: Event) -> None:
        writes = self._writes(event)
        writes.status = Status("KILLED", _ms(event))
        writes.tags |= {
            "sweeper.state": TrialState.INTERRUPTED.value,
            "sweeper.stop_reason": event["reason"],
        }
        self._live(event).working = False
        self._changed(event)

    def _end(self, event: Event) -> None:
        self._close(event, event["state"])
        self._changed(event)

    def _copy(self, event: Event) -> None:
        """A run with what another trial reported: no worker has ever been on it."""
        self._bear(event)
        for report in event["reports"]:
            self._epoch({**report, "trial": event["trial"]})
        self._writes(event).tags["sweeper.copy_of"] = event["copy_of"]
        own = event["copy_of"].isdigit()  # that of another sweep counts for what it is
        self._close(event, "copied" if own else event["state"])

    def _close(self, event: Event, counted: str) -> None:
        """Write a trial's ending; the sweep counts it as ``counted``."""
        writes, state = self._writes(event), TrialState(event["state"])
        writes.status = Status(_TRIAL_STATUS[state], _ms(event))
        writes.tags |= {"sweeper.state": state.value, "sweeper.stop_reason": event["reason"]}
        writes.tags |= _diagnosis_tags(event.get("diagnosis"))
        writes.ended = True
        live = self.tally.live.pop(event["trial"], LiveTrial())
        if event["value"] is not None:
            writes.points += self._best_points(event, live)
        if live.confirming:
            counted = "confirming"
        else:
            self.tally.see_value(event["value"], self._sweep.direction)
        self.tally.ended[counted] = self.tally.ended.get(counted, 0) + 1
        self._parent_point(event, f"trials_{counted}", self.tally.ended[counted])
        if state is TrialState.FAILED:
            found = (event.get("diagnosis") or {}).get("finding", "")
            live.working, live.counted, live.found = False, counted, found
            self.tally.live[event["trial"]] = live
        if counted != "copied":
            self._count_diagnosis(event)
        if self.tally.best is not None:
            self._parent_point(event, self._best_key, self.tally.best)

    def _reseed(self, event: Event) -> None:
        """Failed trials that are tried again have not ended."""
        for number in event.get("retried", ()):
            counted = self.tally.reopen(number)
            self._parent_point(event, f"trials_{counted}", self.tally.ended[counted])

    def _count_diagnosis(self, event: Event) -> None:
        if found := event.get("diagnosis"):
            name, counts = found["finding"], self.tally.found
            counts[name] = counts.get(name, 0) + 1
            self._parent_point(event, f"diagnosed_{name}", counts[name])

    @property
    def _best_key(self) -> str:
        return metric_key(f"best_{self._sweep.metric}")

    def _best_points(self, event: Event, live: LiveTrial) -> list[Point]:
        values = {self._best_key: event["value"], "best_epoch": live.best_epoch}
        values["epoch"] = live.epoch
        values |= {at_best_key(name): value for name, value in live.at_best.items()}
        if event["state"] == TrialState.COMPLETE:
            values[finished_key(self._sweep.metric)] = event["value"]
        return [Point(key, value, _ms(event), live.epoch) for key, value in values.items()]

    def _parent_point(self, event: Event, key: str, value: float) -> None:
        self.parent.points.append(Point(key, value, _ms(event), self.tally.step))

    def _changed(self, event: Event) -> None:
        """A trial started or stopped working; every such change is a step of its own."""
        self.tally.changes += 1
        point = Point("trials_running", self.tally.working, _ms(event), self.tally.changes)
        self.parent.points.append(point)
