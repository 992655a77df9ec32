"""The writer of the ledger: every change of a sweep goes through here, one driver at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from sweeper.config import fitted, flat_params
from sweeper.diagnosis import diagnose
from sweeper.ledger.confirmation import ConfirmPlan, Point, confirming
from sweeper.ledger.files import LineLog, write_atomically
from sweeper.ledger.follower import Follower, followed
from sweeper.ledger.history import History, read_history, report_fields
from sweeper.ledger.journal import Journal
from sweeper.ledger.lock import SweepLock
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.ledger.repeats import find_original, free_seed, training_identity
from sweeper.ledger.reseed import reseed
from sweeper.ledger.setting import Setting
from sweeper.ledger.study import SweepStudy
from sweeper.ledger.warm_start import WarmStart
from sweeper.records import EpochReport, ParamValue, TrialRecord, TrialState, best_report

if TYPE_CHECKING:
    from sweeper.config import SweepConfig

__all__ = ["Ledger", "open_ledger"]


@contextmanager
def open_ledger(
    paths: SweepPaths,
    manifest: Manifest,
    config: SweepConfig,
    setting: Setting | None = None,
    warm: WarmStart | None = None,
) -> Iterator[Ledger]:
    """Lock the sweep, write its manifest where that changed, and give its writer.

    Args:
        setting: what trials are trained with.
        warm: what a new sweep begins with.

    Raises:
        SweepLocked: another driver holds it.
        LedgerError: the folder cannot be read or written, or the database of its copy.
    """
    with (
        SweepLock(paths.lock),
        followed(paths, config.resources.ledger, manifest.generation) as follower,
        closing(LineLog(paths.history)) as log,
    ):
        before = Manifest.read(paths) if paths.manifest.exists() else None
        history = read_history(paths.history)
        if before is not None and before.generation < manifest.generation:
            _mark_study(history, before, log)
            _mark_study(history, manifest)
            reseed(paths.journal(manifest.generation), config, history.counted(config.epochs))
            history = read_history(paths.history)
        if before is None:
            (warm or WarmStart({})).write(paths.warm_start)
        if before != manifest:
            write_atomically(paths.config, config.to_yaml())
            manifest.write(paths)
        _mark_study(history, manifest, log)
        with closing(Journal(paths.journal(manifest.generation))) as journal:
            ledger = Ledger(paths, manifest, config, history, log, journal, setting)
            if follower is not None:
                follower.start()
                ledger.follower = follower
            yield ledger


def _mark_study(history: History, manifest: Manifest, log: LineLog | None = None) -> None:
    """Have the history say, also on disk in ``log``, that the manifest's study has begun."""
    if history.generation < manifest.generation:
        event = {
            "event": "reseed",
            "time": history.last_time or 0.0,
            "generation": manifest.generation,
            "moved": dict(manifest.moved),
            "retried": list(manifest.retried),
        }
        if log is not None:
            log.append(event)
        history.add(event)


class Ledger:
    """History and study of one sweep, written together: first the history, then the study.

    Attributes:
        follower: keeps the copy in a database; None where there is none.
    """

    follower: Follower | None = None

    def __init__(
        self,
        paths: SweepPaths,
        manifest: Manifest,
        config: SweepConfig,
        history: History,
        log: LineLog,
        journal: Journal,
        setting: Setting | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.paths = paths
        self.manifest = manifest
        self.config = config
        self._clock = clock
        self._log = log
        self.setting = setting or Setting()
        self.history = history
        self.warm = WarmStart.read(paths.warm_start)
        self._study = SweepStudy(journal, config, self.warm)
        self._study.catch_up(self.history.records())
        self._asked: dict[int, Mapping[str, ParamValue]] = {
            number: self._study.finish_asking(number)
            for number in self._study.asked()
            if self.history.record(number) is None
        }
        self._end_lost_session()
        self._end_misfits()

    @property
    def safe(self) -> Callable[[], int] | None:
        """How many bytes of the history others may rely on, where not all: those of the copy."""
        return self.follower.safe if self.follower else None

    def begin_session(self, contract: str = "") -> None:
        """Write that a driver begins, what it is going to do, and what it trains with."""
        number, setting = self.history.sessions + 1, asdict(self.setting)
        self._write("session", session=number, contract=contract, setting=setting)

    def _end_misfits(self) -> None:
        """End the trials that a changed search space has no place for."""
        for record in self.history.begun():
            if self.history.generation:
                try:
                    fitted(self.config, record.params)
                except ValueError as why:
                    reason = f"stopped, the search space has changed: {why}"
                    self.end(record.number, TrialState.PRUNED, reason)
                    self.paths.discard_checkpoints(record.number)

    def _end_lost_session(self) -> None:
        """Write what a driver that was killed could not, at its last sign of life.

        The time since then was nobody's, and MLflow must not show its runs as running.
        """
        last = self.history.last_time
        self._interrupt_running("the driver was lost", last)
        if self.history.in_session:
            self._write("session_end", time=last, reason="lost")

    def end_session(self, reason: str, why: str = "") -> None:
        """Write that the driver leaves: its unfinished trials go on with the next session.

        Args:
            why: the reason in words.
        """
        self._interrupt_running(reason)
        self._write("session_end", reason=reason, why=why)

    def pause(self, by: str) -> None:
        """Write that nothing works on the sweep from now on; this time does not count."""
        self._write("pause", by=by)

    def go(self) -> None:
        """Write that the pause is over."""
        self._write("go")

    def unfinished(self) -> list[int]:
        """Numbers of the trials that were proposed and have not ended."""
        return sorted({*(r.number for r in self.history.begun()), *self._asked})

    def count(self) -> int:
        """How many trials of the search have been proposed so far."""
        asked = sum(self._study.point(number) is None for number in self._asked)
        return len(self.history) - self.history.confirming + asked

    def ask(self) -> int | None:
        """Let the sampler propose the next trial; None where the space is exhausted."""
        asked = self._study.ask()
        if asked is None:
            return None
        number, self._asked[number] = asked
        return number

    def plan_confirming(self, plan: ConfirmPlan) -> None:
        """Write which configurations are to be trained again."""
        self._write("confirm", **plan.to_fields())

    def confirm(self, point: Point) -> int:
        """The number of a new trial that trains ``point`` again.

        Raises:
            ValueError: it is not in the search space.
        """
        number = self._study.add(point)
        self._asked[number] = point.params
        return number

    def confirming(self) -> list[Mapping[str, ParamValue]]:
        """Parameters of all trials that train a configuration again, begun or not."""
        begun = [r.params for r in confirming(self.history.counted(self.config.epochs))]
        asked = [self._study.point(number) for number in self._asked]
        return [*begun, *(point.params for point in asked if point is not None)]

    def is_confirming(self, number: int) -> bool:
        """Whether the trial trains a configuration again."""
        record = self.history.record(number)
        return record.is_confirming if record else self._study.point(number) is not None

    def start(self, number: int, gpus: float = 0.0) -> TrialRecord:
        """Write that a worker with ``gpus`` begins on the trial, for the first time or again.

        It survives this process; `settle` brings it to the disk. The proposal is there already,
        and a trial of which no more is known has not begun.
        """
        record = self.history.record(number)
        params = fitted(self.config, record.params) if record else self._asked[number]
        stage = self._stage(number, record)
        seed = record.seed if record else self._seed(params, fresh=bool(stage))
        attempt = record.attempts + 1 if record else 1
        training = self._training(params, seed)
        held = {"gpus": gpus} if gpus else {}
        self._write("start", sync=False, trial=number, **training, attempt=attempt, **held, **stage)
        self._asked.pop(number, None)
        return self.record(number)

    def copy(self, number: int) -> TrialRecord | None:
        """End a trial that repeats the training of an ended one, with the result of that.

        While the same training is at work, a repeat is a replicate with a seed of its own; that
        one, too, is trained once.

        Returns:
            The trial, or None where it has to be trained.
        """
        known = self.history.record(number) is not None or self.is_confirming(number)
        if self.config.repeats == "train" or known:
            return None
        params = self._asked[number]
        training = self._training(params, self._seed(params, fresh=False))
        name, original = self._original(training["identity"])
        if original is None:
            return None
        self._write(
            "copy",
            trial=number,
            **training,
            copy_of=name,
            state=original.state,
            reason=f"same as trial {name}: not trained again",
            value=original.value,
            reports=[report_fields(report) for report in original.reports],
            diagnosis=self._diagnosis(original),
        )
        self._asked.pop(number, None)
        for report in original.reports:
            self._study.report(number, report)
        self._study.end(number, original.state, original.value, original.reports)
        return self.record(number)

    def _original(self, identity: str) -> tuple[str, TrialRecord | None]:
        """The trial with this training, here or in a sweep that this one began with, by name.

        Another study's pruner may have stopped what this one would not.
        """
        here, before = self.history.trained_as(identity), self.history.carried
        own = {str(r.number): r for r in here if not (_is_pruned(r) and r.number < before)}
        others = {name: r for name, r in self.warm.trials.items() if not _is_pruned(r)}
        for trials in (own, others):
            if name := find_original(trials, identity):
                return name, trials[name]
        return "", None

    def _seed(self, params: Mapping[str, ParamValue], *, fresh: bool) -> int:
        """The seed of these parameters; another where the same training is at work.

        Args:
            fresh: one that nobody has trained them with.
        """
        if fresh:
            taken = self.history.seeds | {r.seed for r in self.warm.trials.values()}
        elif self.config.repeats == "reuse":
            taken = {record.seed for record in self.history.begun()}
        else:
            taken = self.history.seeds
        return free_seed(self.config.seed, params, taken)

    def _stage(self, number: int, record: TrialRecord | None) -> dict[str, Any]:
        """What the events say of a trial that trains a configuration again."""
        if record:
            confirms = {"confirms": record.confirms} if record.is_confirming else {}
        else:
            point = self._study.point(number)
            confirms = {} if point is None else {"confirms": point.confirms}
        return {"stage": "confirm", **confirms} if confirms else {}

    def _training(self, params: Mapping[str, ParamValue], seed: int) -> dict[str, Any]:
        """What the events say of a trial's training."""
        return {
            "params": dict(params),
            "flat_params": flat_params(self.config, params),
            "seed": seed,
            "epochs": self.config.epochs,
            "identity": training_identity(self.config, params, seed, self.setting.origin),
        }

    def record(self, number: int) -> TrialRecord:
        """The trial with this number.

        Raises:
            KeyError: no worker has begun on it.
        """
        record = self.history.record(number)
        if record is None:
            raise KeyError(number)
        return record

    def report(self, number: int, report: EpochReport) -> bool:
        """Write an epoch's report; an epoch that is there already stays as it is.

        It survives this process; `settle` brings it to the disk.

        Returns:
            Whether the pruner ends the trial.
        """
        if report.epoch > self.record(number).epoch:
            self._write("epoch", sync=False, trial=number, **report_fields(report))
        return self._study.report(number, report)

    def settle(self) -> None:
        """Wait until everything is on the disk."""
        self._log.sync()

    def end(self, number: int, state: TrialState, reason: str) -> TrialRecord:
        """Write how the trial ended and tell the sampler."""
        objective = self.config.objective
        record = replace(self.record(number), state=state, reason=reason)
        best = best_report(record.reports, objective.metric, objective.direction)
        counts = best is not None and not state.infeasible and state is not TrialState.FAILED
        value = best.metrics[objective.metric] if best and counts else None
        self._write(
            "end",
            trial=number,
            state=state,
            reason=reason,
            value=value,
            diagnosis=self._diagnosis(record),
        )
        self._study.end(number, state, value, record.reports)
        return self.record(number)

    def _diagnosis(self, record: TrialRecord) -> dict[str, str] | None:
        """What the events say of a trial's learning curve, for those who know no configuration."""
        found = diagnose(record, self.config.objective, self.config.epochs)
        return None if found is None else asdict(found)

    def interrupt(self, number: int, reason: str, time: float | None = None) -> None:
        """Write that the worker left the trial unfinished, now or at ``time``."""
        self._write("interrupt", time=time, trial=number, reason=reason)

    def _interrupt_running(self, reason: str, time: float | None = None) -> None:
        for record in self.history.begun():
            if record.state is TrialState.RUNNING:
                self.interrupt(record.number, reason, time)

    def _write(
        self, event: str, *, time: float | None = None, sync: bool = True, **fields: Any
    ) -> None:
        entry = {"event": event, "time": self._clock() if time is None else time, **fields}
        self._log.append(entry, sync=sync)
        self.history.add(entry)


def _is_pruned(record: TrialRecord) -> bool:
    return record.state is TrialState.PRUNED
