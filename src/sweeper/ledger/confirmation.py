"""Which configurations are trained again with fresh seeds, and how far that is.

They are chosen once, when the search has ended, and kept in the history: what is found while they
are trained does not change what is to be trained, and a killed driver's successor goes on with the
same. A search that has gone on since makes a choice out of date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweeper.config import Confirm
from sweeper.records import ParamValue, TrialRecord, TrialState

if TYPE_CHECKING:
    from sweeper.config import SweepConfig
    from sweeper.ledger.history import History

__all__ = [
    "NO_PROGRESS",
    "ConfirmPlan",
    "Point",
    "Progress",
    "confirming",
    "lacking",
    "progress",
    "searched",
]

Params = Mapping[str, ParamValue]


@dataclass(frozen=True, slots=True)
class Point:
    """A configuration to train again, and the trial that has it; None for the centre."""

    params: Params
    confirms: int | None


@dataclass(frozen=True, slots=True)
class ConfirmPlan:
    """Attributes:
    options: what was asked for.
    searched: how many trials of the search had ended by then.
    by_hand: a person asked for it, so that no budget of hours stands against it.
    without_centre: why the recommended centre is not among the points; empty where it is.
    """

    points: tuple[Point, ...]
    options: Confirm
    searched: int
    by_hand: bool
    without_centre: str = ""

    def to_fields(self) -> dict[str, Any]:
        """The plan as the history has it."""
        points = [{"params": dict(p.params), "confirms": p.confirms} for p in self.points]
        return {
            "points": points,
            "top": self.options.top,
            "seeds": self.options.seeds,
            "searched": self.searched,
            "by_hand": self.by_hand,
            "without_centre": self.without_centre,
        }

    @classmethod
    def from_fields(cls, found: Mapping[str, Any]) -> ConfirmPlan:
        """Read it back."""
        return cls(
            points=tuple(Point(p["params"], p["confirms"]) for p in found["points"]),
            options=Confirm(top=found["top"], seeds=found["seeds"]),
            searched=found["searched"],
            by_hand=found["by_hand"],
            without_centre=found["without_centre"],
        )


def searched(records: Iterable[TrialRecord]) -> int:
    """How many trials of the search have ended."""
    return sum(r.state.ended and not r.is_confirming for r in records)


def confirming(records: Iterable[TrialRecord]) -> list[TrialRecord]:
    """Those that train a configuration again; no pruner stops one, but the raise of epochs does."""
    return [r for r in records if r.is_confirming and r.state is not TrialState.PRUNED]


def lacking(plan: ConfirmPlan, trained: Sequence[Params]) -> list[Point]:
    """The trainings that the plan still lacks, each point's next seed before anybody's one after.

    Args:
        trained: parameters of all trials that confirm, from earlier plans too; one that failed
            counts, or it would be tried for ever.
    """
    done = [sum(dict(params) == dict(point.params) for params in trained) for point in plan.points]
    return [
        point
        for seed in range(plan.options.seeds)
        for point, count in zip(plan.points, done, strict=True)
        if count <= seed
    ]


@dataclass(frozen=True, slots=True)
class Progress:
    """Attributes:
    done: trials that have ended and trained a configuration again.
    left: how many are to come or at work; at most that many while they are not chosen yet.
    chosen: whether the configurations are chosen.
    by_hand: whether those that are left do not depend on the budget.
    """

    done: int
    left: int
    chosen: bool
    by_hand: bool = False

    @property
    def total(self) -> int:
        return self.done + self.left


NO_PROGRESS = Progress(0, 0, chosen=True)
"""Of a sweep in which nothing is trained again."""


def progress(config: SweepConfig, history: History, *, goes_on: bool = False) -> Progress:
    """How far the trials are that train configurations again.

    Args:
        goes_on: the search does, so that the choice is going to be out of date.
    """
    records = history.counted(config.epochs)
    own = confirming(records)
    done = sum(r.state.ended for r in own)
    at_work = len(own) - done
    plan = history.plan
    if config.confirm is None:
        return Progress(done, at_work, chosen=True)
    if (
        goes_on
        or plan is None
        or (plan.searched, plan.options) != (searched(records), config.confirm)
    ):
        return Progress(done, at_work + config.confirm.most, chosen=False)
    left = len(lacking(plan, [r.params for r in own]))
    return Progress(done, at_work + left, chosen=True, by_hand=plan.by_hand)
