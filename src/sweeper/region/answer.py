"""What a region is: frozen values, whatever method found them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sweeper.records import Direction, ParamValue, TrialRecord, TrialState
from sweeper.words import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["ENOUGH", "Best", "Counts", "Edge", "Interval", "ParamRange", "Region", "Row"]

ENOUGH = 3
"""Finished trials that a batch size needs before an interval is given for it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How trials stand, by outcome; ``copied`` ones repeat one of the sweep: counted only there."""

    finished: int = 0
    stopped: int = 0
    diverged: int = 0
    out_of_memory: int = 0
    timed_out: int = 0
    failed: int = 0
    running: int = 0
    interrupted: int = 0
    copied: int = 0

    @classmethod
    def of(cls, records: Iterable[TrialRecord]) -> Counts:
        records = list(records)
        seen = Counter(record.state for record in records if not record.is_repeat)
        return cls(
            finished=seen[TrialState.COMPLETE],
            stopped=seen[TrialState.PRUNED],
            diverged=seen[TrialState.DIVERGED],
            out_of_memory=seen[TrialState.OUT_OF_MEMORY],
            timed_out=seen[TrialState.TIMED_OUT],
            failed=seen[TrialState.FAILED],
            running=seen[TrialState.RUNNING],
            interrupted=seen[TrialState.INTERRUPTED],
            copied=sum(record.is_repeat for record in records),
        )

    @property
    def ended(self) -> int:
        finite = self.finished + self.stopped + self.timed_out + self.copied
        return finite + self.diverged + self.out_of_memory + self.failed


@dataclass(frozen=True, slots=True)
class Best:
    """The finished trial with the best objective."""

    number: int
    value: float
    params: Mapping[str, ParamValue]


@dataclass(frozen=True, slots=True)
class Interval:
    """Learning rates whose trials are tied with the best.

    Attributes:
        low, high: the lowest and highest lr of a tied trial.
        tied: finished trials in it within the tolerance of the best.
        worse: trials in it that finished outside the tolerance, for whatever reason, or diverged.
        expected: median objective of the finished trials in it whose other parameters are like the
            best trial's.
        confidence: probability that the optimum for this batch size is in it; None where the method
            computes none.
    """

    low: float
    high: float
    tied: int
    worse: int
    expected: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What is known for one batch size, or for a group of neighbouring ones.

    Attributes:
        batch_sizes: the batch sizes of the row; empty where batch size is not searched.
        best: the best finished trial of the row.
        behind: by how much that is worse than the sweep's best, in the metric's units, >= 0.
        interval: None where there is too little evidence, or no lr is searched.
        cliff_octaves: factors of two from the interval's upper end (without one: from the best lr)
            to the nearest diverged lr above; None where no trial diverged there.
    """

    batch_sizes: tuple[ParamValue, ...]
    counts: Counts
    best: Best | None = None
    behind: float | None = None
    interval: Interval | None = None
    cliff_octaves: float | None = None

    @property
    def label(self) -> str:
        if not self.batch_sizes:
            return "any"
        first, last = self.batch_sizes[0], self.batch_sizes[-1]
        return number(first) if first == last else f"{number(first)} to {number(last)}"


@dataclass(frozen=True, slots=True)
class ParamRange:
    """Which values of a searched parameter the tied trials have: a range, or choices."""

    name: str
    low: float | None = None
    high: float | None = None
    choices: tuple[ParamValue, ...] = ()

    @property
    def label(self) -> str:
        if self.choices:
            return ", ".join(number(choice) for choice in self.choices)
        if self.low == self.high:
            return number(self.low)
        return f"{number(self.low, 2)} to {number(self.high, 2)}"


@dataclass(frozen=True, slots=True)
class Edge:
    """The best trial lies at the end of a parameter's range, so the optimum may lie beyond."""

    name: str
    side: Literal["lower", "upper"]
    bound: float
    best: float


@dataclass(frozen=True, slots=True)
class Region:
    """The near-optimal set as far as the trials tell.

    Attributes:
        lr, batch_size: their names in the search space; None where not searched.
        tolerance: trials this close to the best count as tied, in the metric's units; None while
            no trial has finished.
        rule: how the tolerance was chosen, for people.
        tied: how many finished trials are within the tolerance, the best included.
        best: None while no trial has finished.
        rows: by batch size, ascending.
        ranges: every searched parameter's values among the tied trials.
        recommended: the row whose interval is recommended; None where evidence is thin.
        confidence: probability that the region holds the optimum; None where none is computed.
    """

    metric: str
    direction: Direction
    counts: Counts
    lr: str | None = None
    batch_size: str | None = None
    tolerance: float | None = None
    rule: str = ""
    tied: int = 0
    best: Best | None = None
    rows: tuple[Row, ...] = ()
    ranges: tuple[ParamRange, ...] = ()
    edges: tuple[Edge, ...] = ()
    recommended: Row | None = None
    confidence: float | None = None
