"""A summary as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweeper.records import ParamValue
    from sweeper.region import Region

__all__ = ["SCHEMA", "Cost", "Entry", "Summary"]

SCHEMA = 1
"""Version of ``summary.json``; it rises when a field changes its meaning or goes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A trial on the leaderboard.

    Attributes:
        value: the objective at the trial's best epoch.
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
    """Seconds: by the clock while the sweep ran, and of all workers together."""

    wall_seconds: float | None
    worker_seconds: float


@dataclass(frozen=True, slots=True)
class Summary:
    """All that a report shows.

    Attributes:
        verdict: at most two sentences.
        total: trials that the budget allows.
        epochs: epochs of a full training.
        leaderboard: the ten best.
        warnings: what to know before the verdict is believed, most important first.
        commands: what to type next, by purpose ("resume").
        findings: how many learning curves show what.
        written: seconds since 1970.
        ongoing: the sweep runs, and this is how it stands.
        places: where in the MLflow UI more is to be seen, by what it is.
        settings: what the sweep runs with now, for people.
    """

    name: str
    experiment: str
    verdict: str
    region: Region
    total: int
    epochs: int
    leaderboard: tuple[Entry, ...]
    warnings: tuple[str, ...]
    cost: Cost
    written: float
    commands: Mapping[str, str] = field(default_factory=dict)
    ongoing: bool = False
    places: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    findings: str = ""
