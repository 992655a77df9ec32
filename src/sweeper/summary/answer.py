"""A summary as frozen values."""

from __future__ import annotations

# the types are looked up when the schema of summary.json is made
from collections.abc import Mapping
from dataclasses import dataclass, field

from sweeper.records import ParamValue
from sweeper.region import Region
from sweeper.summary.confirmation import Confirmation
from sweeper.summary.findings import Finding
from sweeper.summary.front import Front
from sweeper.summary.next_space import NextSpace

__all__ = ["SCHEMA", "Cost", "Entry", "Summary"]

SCHEMA = 1
"""Version of ``summary.json``; it rises when a field changes its meaning or goes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A trial on the leaderboard.

    Attributes:
        rank: 1 is the best.
        number: the trial's.
        value: the objective at the trial's best epoch.
        params: of the searched parameters, by their names in the search space.
        epoch: the last that it trained.
        finished: False where no trial has finished and the best of the stopped are shown.
        seconds: what workers spent on it.
        link: where its run is shown; empty where nobody gave one.
    """

    rank: int
    number: int
    value: float
    params: Mapping[str, ParamValue]
    epoch: int
    finished: bool = True
    seconds: float | None = None
    link: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """What the sweep has cost.

    Attributes:
        wall_seconds: by the clock, while sessions ran; None while unknown.
        worker_seconds: of all workers together.
        gpu_seconds: how long trials held GPUs, times the GPUs of each.
    """

    wall_seconds: float | None
    worker_seconds: float
    gpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Summary:
    """All that a report shows.

    Attributes:
        name: of the sweep.
        experiment: in MLflow.
        verdict: two sentences: what to use and expect, and how sure that is.
        findings: what the verdict rests on, most important first.
        region: the answer in numbers.
        total: trials that the budget allows.
        epochs: epochs of a full training.
        leaderboard: the ten best.
        warnings: what to know before the verdict is believed, most important first.
        steps: what to do next, most important first.
        cost: what it took.
        more: a total of trials that ought to be enough, or half more where nobody can tell.
        commands: what to type next, by purpose ("resume").
        curves: how many learning curves show what.
        written: seconds since 1970.
        ongoing: the sweep runs, and this is how it stands.
        places: where in the MLflow UI more is to be seen, by what it is.
        settings: what the sweep runs with now, for people.
        confirmation: what training the best again has shown; None where nothing was.
        next_space: the search space that follows.
        front: the Pareto front; None where there is one objective.
    """

    name: str
    experiment: str
    verdict: str
    findings: tuple[Finding, ...]
    region: Region
    total: int
    epochs: int
    leaderboard: tuple[Entry, ...]
    warnings: tuple[str, ...]
    steps: tuple[str, ...]
    cost: Cost
    more: int
    written: float
    commands: Mapping[str, str] = field(default_factory=dict)
    ongoing: bool = False
    places: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    curves: str = ""
    confirmation: Confirmation | None = None
    next_space: NextSpace | None = None
    front: Front | None = None
