"""What the board shows at one moment, as frozen values, and how it follows from the records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweeper.ledger.confirmation import NO_PROGRESS, Progress
from sweeper.records import TrialRecord, TrialState
from sweeper.region import Best, Counts, interval_words, quick_region_of
from sweeper.timing import eta

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweeper.config import SweepConfig
    from sweeper.records import ParamValue
    from sweeper.region import Region

__all__ = ["BoardState", "RunningTrial", "board_state", "confirms_words"]


@dataclass(frozen=True, slots=True)
class RunningTrial:
    """A trial at work; ``value`` is the objective at its last epoch."""

    number: int
    params: Mapping[str, ParamValue]
    epoch: int
    epochs: int
    value: float | None


@dataclass(frozen=True, slots=True)
class BoardState:
    """One moment of a sweep.

    Attributes:
        total: trials that the budget allows.
        confirm: how far the trials are that train the best again, beside the budget.
        best: the best finished trial.
        region: the region as it forms, in a few words.
        elapsed_seconds: how long the sweep has run.
        eta_seconds: until all trials have ended; None while unknown.
        ended: ended trials in the order of their ends.
        budget: how much of the GPU-hours is used; empty says nothing.
        mirror: how the MLflow mirror is doing, one line; empty says nothing.
        copy: how the ledger's copy in a database is doing; empty says nothing.
        messages: everything there was to say so far, oldest first.
        resting: no trial runs, nor is one about to.
    """

    name: str
    metric: str
    counts: Counts
    total: int
    best: Best | None = None
    region: str = ""
    elapsed_seconds: float | None = None
    eta_seconds: float | None = None
    running: tuple[RunningTrial, ...] = ()
    ended: tuple[TrialRecord, ...] = field(default=(), repr=False)
    budget: str = ""
    mirror: str = ""
    copy: str = ""
    messages: tuple[str, ...] = ()
    resting: bool = False
    confirm: Progress = NO_PROGRESS

    @property
    def failure_share(self) -> float:
        """Share of the ended trials that could not be trained: diverged, out of memory, failed."""
        bad = self.counts.diverged + self.counts.out_of_memory + self.counts.failed
        return bad / self.counts.ended if self.counts.ended else 0.0


def board_state(
    config: SweepConfig,
    records: Sequence[TrialRecord],
    *,
    slots: int,
    now: float,
    elapsed_seconds: float | None = None,
    budget: str = "",
    mirror: str = "",
    copy: str = "",
    messages: Sequence[str] = (),
    resting: bool = False,
    draining: bool = False,
    confirm: Progress = NO_PROGRESS,
) -> BoardState:
    """The board's state after ``records``.

    Args:
        slots: trials that can run at the same time.
        draining: no trial starts any more, whatever is left of the budget.
    """
    region = quick_region_of(config, records)
    metric, epochs = config.objective.metric, config.epochs
    ended = sorted((r for r in records if r.state.ended), key=lambda r: (r.ended or 0.0, r.number))
    running = [r for r in records if r.state is TrialState.RUNNING]
    going = [r for r in records if r.state is not TrialState.INTERRUPTED] if draining else records
    full = 0 if draining else confirm.total - sum(r.is_confirming for r in records)
    total = len(going) if draining else config.budget.trials + confirm.total
    return BoardState(
        name=config.name,
        metric=metric,
        counts=region.counts,
        total=config.budget.trials,
        best=region.best,
        region=_region_words(region),
        elapsed_seconds=elapsed_seconds,
        eta_seconds=None if resting else eta(going, total, slots, epochs, now, full),
        running=tuple(_running(r, metric, epochs) for r in running),
        ended=tuple(ended),
        budget=budget,
        mirror=mirror.removeprefix("MLflow "),  # the board says it in front
        copy=copy,
        messages=tuple(messages),
        resting=resting,
        confirm=confirm,
    )


def _running(record: TrialRecord, metric: str, epochs: int) -> RunningTrial:
    value = record.reports[-1].metrics.get(metric) if record.reports else None
    return RunningTrial(record.number, record.params, record.epoch, epochs, value)


def confirms_words(record: TrialRecord) -> str:
    """What a trial trains again: ``trial 7``, or the centre."""
    return "the recommended centre" if record.confirms is None else f"trial {record.confirms}"


def _region_words(region: Region) -> str:
    row = region.recommended
    if row is None:
        return "not enough evidence yet"
    batch = f", {region.batch_size} {row.label}" if row.batch_sizes else ""
    return f"{region.lr} {interval_words(row.interval)}{batch}"
