"""The frozen values that travel between the layers: what a worker gets and what it reports."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

__all__ = [
    "Direction",
    "EpochReport",
    "ParamValue",
    "Stage",
    "Trial",
    "TrialRecord",
    "TrialState",
    "best_report",
    "counted",
    "ranked",
]

ParamValue = str | int | float | bool
Direction = Literal["minimize", "maximize"]
Stage = Literal["search", "confirm"]
"""What a trial is for: to find good configurations, or to train one again with a fresh seed."""


class TrialState(StrEnum):
    """Where a trial stands; every value but the first two is an ending and final.

    ``INTERRUPTED`` is a trial whose driver left; it goes on with the next session of its sweep.
    """

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    COMPLETE = "complete"
    PRUNED = "pruned"
    DIVERGED = "diverged"
    OUT_OF_MEMORY = "out_of_memory"
    TIMED_OUT = "timed_out"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        return self not in (TrialState.RUNNING, TrialState.INTERRUPTED)

    @property
    def infeasible(self) -> bool:
        """The configuration itself cannot work, so the sampler must stay away from it."""
        return self in (TrialState.DIVERGED, TrialState.OUT_OF_MEMORY)


@dataclass(frozen=True, slots=True)
class EpochReport:
    """What one epoch of one trial gave.

    Attributes:
        epoch: number of the finished epoch, from 1.
        metrics: values at the end of the epoch, all finite.
        steps: training loss of some optimizer steps in this epoch, by global step (from 1).
        time: when the epoch ended, in seconds since 1970.
    """

    epoch: int
    metrics: Mapping[str, float]
    time: float
    steps: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trial:
    """One configuration to train once, as a worker gets it.

    Attributes:
        number: the trial's number in its sweep, from 0, the same for life.
        params: the proposed parameters under their search-space names (``lr``, ``model.n_fft``).
        config: the resolved sections ``model``, ``data``, ``training`` with ``params`` put in.
        seed: seeds weights, data order and augmentation.
        directory: the trial's own folder; checkpoints and artifacts go here.
        reported: the last epoch that the ledger has; a task continues after it.
        epochs: how many epochs a full training has.
        cpus: processors of this trial, at least 1 thread.
        gpus: share of GPUs of this trial; 0 is CPU.
        deadline: end training by then (seconds since 1970), None for no limit.
    """

    number: int
    params: Mapping[str, ParamValue]
    config: Mapping[str, Any]
    seed: int
    directory: Path
    epochs: int
    reported: int = 0
    cpus: float = 1.0
    gpus: float = 0.0
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """All that is known of a trial, read back from the ledger.

    Attributes:
        params: under their search-space names; a parameter whose ``when`` did not hold is absent.
        value: the objective at its best epoch; None while it runs, and for infeasible trials.
        reason: why it ended, for people ("val_si_sdr 3.1 at epoch 4: below the median").
        attempts: how many workers have worked on it.
        started, ended: seconds since 1970.
        seconds: what workers spent on it, summed over the attempts; None before the first.
        copy_of: the trial with the same training whose result this one has; empty where it was
            trained itself. The trial's number, with its sweep in front where that is another
            (``old#7``).
        identity: stands for all that decides what the training gives; empty where its attempts
            differ in that, or an older sweeper did not write it.
        session: the last one that worked on it, from 1; 0 where it is a copy.
        confirms: where the stage is ``confirm``, the trial that it trains again; None for the
            recommended centre, which nobody had trained.
        epochs: how many a full training had when it was last worked on; None where an older
            sweeper did not write it.
    """

    number: int
    params: Mapping[str, ParamValue]
    state: TrialState
    seed: int
    reports: tuple[EpochReport, ...] = ()
    value: float | None = None
    reason: str = ""
    attempts: int = 1
    started: float | None = None
    ended: float | None = None
    seconds: float | None = None
    copy_of: str = ""
    identity: str = ""
    session: int = 0
    stage: Stage = "search"
    confirms: int | None = None
    epochs: int | None = None

    @property
    def epoch(self) -> int:
        """The last reported epoch, 0 before the first."""
        return self.reports[-1].epoch if self.reports else 0

    @property
    def is_repeat(self) -> bool:
        """Whether it is a copy within its sweep: the original there speaks for both."""
        return self.copy_of.isdigit()

    @property
    def is_confirming(self) -> bool:
        """Whether it trains a configuration again: no part of the search and its budget."""
        return self.stage == "confirm"


def counted(record: TrialRecord, epochs: int) -> TrialRecord:
    """The trial as it counts where a full training has ``epochs``, for whatever compares trials.

    One that went to the last epoch when there were fewer is as good as stopped there. A training
    that ended by itself before its last epoch is whole.
    """
    full = record.epochs
    if record.state is not TrialState.COMPLETE or full is None or not full <= record.epoch < epochs:
        return record
    reason = f"trained {full} epochs when that was all; of {epochs} it counts as stopped early"
    return replace(record, state=TrialState.PRUNED, reason=reason)


def best_report(
    reports: Iterable[EpochReport], metric: str, direction: Direction
) -> EpochReport | None:
    """The report with the best finite ``metric``, the earliest of equals, or None."""
    sign = 1.0 if direction == "maximize" else -1.0
    finite = [r for r in reports if math.isfinite(r.metrics.get(metric, math.nan))]
    return max(finite, key=lambda r: (sign * r.metrics[metric], -r.epoch), default=None)


def ranked(records: Iterable[TrialRecord], direction: Direction) -> list[TrialRecord]:
    """Trials with a value, the best first and the earlier of equals before the later."""
    sign = 1.0 if direction == "maximize" else -1.0
    return sorted(records, key=lambda r: (-sign * (r.value or 0.0), r.number))
