"""What a region is: frozen values, whatever method found them."""

from __future__ import annotations

from collections import Counter

# the types are looked up when the schema of summary.json is made
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from sweeper.records import Direction, ParamValue, TrialRecord, TrialState
from sweeper.words import number

__all__ = [
    "ENOUGH",
    "Best",
    "Centre",
    "Counts",
    "Edge",
    "Evidence",
    "Interval",
    "LeaveOneOut",
    "Map",
    "Noise",
    "ParamRange",
    "Region",
    "Row",
    "Slope",
    "Tie",
    "TooFew",
]

ENOUGH = 3
"""Finished trials that a batch size needs for an interval where there is no surrogate."""

_EXPLAINED = 0.45  # of the variance, below which a surrogate does not predict
_COVERAGE = 0.6  # of intervals that are meant to hold 90%


@dataclass(frozen=True, slots=True)
class Counts:
    """How trials stand, by outcome.

    ``copied`` ones repeat one of the sweep, and ``confirmed`` ones have trained a configuration
    again: both are counted only there.
    """

    finished: int = 0
    stopped: int = 0
    diverged: int = 0
    out_of_memory: int = 0
    timed_out: int = 0
    failed: int = 0
    running: int = 0
    interrupted: int = 0
    copied: int = 0
    confirmed: int = 0

    @classmethod
    def of(cls, records: Iterable[TrialRecord]) -> Counts:
        records = list(records)
        seen = Counter(record.state for record in records if _counts(record))
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
            confirmed=sum(record.is_confirming and record.state.ended for record in records),
        )

    @property
    def ended(self) -> int:
        finite = self.finished + self.stopped + self.timed_out + self.copied
        return finite + self.diverged + self.out_of_memory + self.failed


def _counts(record: TrialRecord) -> bool:
    """Whether the trial counts by its state: those that still confirm are at work like others."""
    return not record.is_repeat and not (record.is_confirming and record.state.ended)


@dataclass(frozen=True, slots=True)
class Best:
    """The finished trial with the best objective."""

    number: int
    value: float
    params: Mapping[str, ParamValue]


@dataclass(frozen=True, slots=True)
class Interval:
    """Learning rates that are tied with the best.

    Attributes:
        low, high: its ends: from the surrogate where there is one (`Region.map`), else the lowest
            and highest lr of a tied trial.
        tied: finished trials in it within the tolerance of the best.
        worse: trials in it that finished outside the tolerance, for whatever reason, or diverged.
        expected: the objective to expect in it, in the metric's units: the surrogate's mean at the
            interval's best lr, else the median of its finished trials whose other parameters are
            like the best trial's.
        confidence: probability that the best lr of this batch size is in it; None without a
            surrogate.
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
        inside: probability that the row's best lr is near-optimal for the whole sweep; None without
            a surrogate.
        throughput: median ``samples_per_second`` of the row's trials; None where none reported it.
    """

    batch_sizes: tuple[ParamValue, ...]
    counts: Counts
    best: Best | None = None
    behind: float | None = None
    interval: Interval | None = None
    cliff_octaves: float | None = None
    inside: float | None = None
    throughput: float | None = None

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
    """The optimum may lie beyond the end of a parameter's range.

    Attributes:
        bound: the end of the range.
        best: the value of the best trial, or the centre's where a surrogate tells of the edge.
        probability: that the optimum lies in the outer 4% of the range; None without a surrogate.
        proposed: where to move the bound; None where there is no number to propose.
    """

    name: str
    side: Literal["lower", "upper"]
    bound: float
    best: float
    probability: float | None = None
    proposed: float | None = None


@dataclass(frozen=True, slots=True)
class Map:
    """What the surrogate says of each cell of the lr x batch size grid, other parameters at best.

    All grids are one tuple for each batch size, with one value for each lr.

    Attributes:
        lr: ascending; empty where lr is not searched (the grids are then one cell wide).
        batch_sizes: ascending; empty where not searched (the grids are then one cell high).
        inside: probability of being near-optimal.
        optimum: probability of holding the optimum; sums to 1.
        expected, sd: the objective and its standard deviation, in the metric's units.
        low, high: hold the objective with 90%; far from all trials it is not symmetric.
        region: whether the cell is in the region.
        level: the region is where ``inside`` is at least this.
        expected_iou: expected intersection over union of the region and the near-optimal set.
    """

    lr: tuple[float, ...]
    batch_sizes: tuple[ParamValue, ...]
    inside: tuple[tuple[float, ...], ...]
    optimum: tuple[tuple[float, ...], ...]
    expected: tuple[tuple[float, ...], ...]
    sd: tuple[tuple[float, ...], ...]
    low: tuple[tuple[float, ...], ...]
    high: tuple[tuple[float, ...], ...]
    region: tuple[tuple[bool, ...], ...]
    level: float
    expected_iou: float


@dataclass(frozen=True, slots=True)
class Centre:
    """The configuration to use.

    Attributes:
        params: of all searched parameters.
        expected: the objective to expect, over seeds; ``low`` and ``high`` hold it with 90%.
        inside: probability of being near-optimal.
    """

    params: Mapping[str, ParamValue]
    expected: float
    low: float
    high: float
    inside: float


@dataclass(frozen=True, slots=True)
class Slope:
    """How the best lr grows with the batch size: lr ~ batch_size ** exponent (90% interval)."""

    exponent: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Noise:
    """How much the objective differs from seed to seed.

    Attributes:
        sd: standard deviation over seeds near the best, in the metric's units, as the surrogate
            estimates it; None without one.
        repeated: configurations that were trained with more than one seed.
    """

    sd: float | None = None
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """How well the surrogate foretells each trial's last value from all the other trials.

    Attributes:
        trials: how many were foretold.
        coverage: share of them inside their 90% interval.
        explained: share of their variance that the prediction explains, on the surrogate's own
            scale; 0 or below is no better than their mean.
    """

    trials: int
    coverage: float
    explained: float

    @property
    def predicts(self) -> bool:
        return self.explained >= _EXPLAINED and self.coverage >= _COVERAGE


@dataclass(frozen=True, slots=True)
class Evidence:
    """Whether a region may be named.

    Attributes:
        enough: whether the evidence carries the region.
        reason: why not, as a clause ("only 3 trials finished"); empty where it is enough.
        more_trials: about how many more trials to the end it would take; 0 where it is enough, None
            where more trials would not help or nobody can tell.
        inside, finished: finished trials in the region, and in all.
        loo: None where no surrogate could be fitted.
    """

    enough: bool
    reason: str = ""
    more_trials: int | None = None
    inside: int = 0
    finished: int = 0
    loo: LeaveOneOut | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """A batch size as good as the best one, for those who want throughput.

    Attributes:
        inside: probability that it is near-optimal at ``lr``.
        faster: its throughput over that of the recommended row; None where not reported.
    """

    batch_size: ParamValue
    lr: float | None
    expected: float
    inside: float
    faster: float | None = None


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
        confidence: expected overlap (IoU) of the region and the near-optimal set; None without a
            surrogate.
        map, centre, slope: None where no surrogate could be fitted, or the parameter is missing;
            they are given where evidence is thin too, for figures: see ``evidence.enough``.
        ties: other batch sizes that are near-optimal as well, the fastest first.
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
    map: Map | None = None
    centre: Centre | None = None
    slope: Slope | None = None
    noise: Noise = Noise()
    evidence: Evidence = Evidence(enough=False)
    ties: tuple[Tie, ...] = ()


class TooFew(Exception):
    """No surrogate can be fitted; the message is a clause that says why."""
