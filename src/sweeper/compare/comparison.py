"""Several sweeps at budgets that all of them have had: a pure function from their records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sweeper.compare.best_of import Best, BestOf, probability_better
from sweeper.config import SweepConfig
from sweeper.errors import ConfigError, Problem
from sweeper.records import Direction, TrialRecord, TrialState, ranked
from sweeper.words import count

__all__ = ["Comparison", "Contender", "Curve", "Standing", "compare"]

_POINTS = 60
_LEAST = 3  # trials with a value


@dataclass(frozen=True, slots=True)
class Contender:
    """A sweep that is compared."""

    name: str
    config: SweepConfig
    records: Sequence[TrialRecord]


Curve = tuple[tuple[float, Best], ...]
"""The best by budget."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One sweep among the others.

    Attributes:
        trials, finished, seconds: what it spent: trials of any ending, those trained to the end,
            seconds of all workers.
        best: the trial with the best objective of all.
        at_trials: the best at `Comparison.trials`.
        at_seconds: the best at `Comparison.seconds`; None where that is too short for it.
        by_trials, by_seconds: the same for every budget up to its own.
        beats: at equal trials, the probability that its best is better than each other's.
        beats_in_time: the same at equal worker seconds, where that is known.
    """

    name: str
    model: str
    trials: int
    finished: int
    seconds: float
    best: TrialRecord
    at_trials: Best
    at_seconds: Best | None
    by_trials: Curve
    by_seconds: Curve
    beats: Mapping[str, float]
    beats_in_time: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Sweeps with one objective, the most promising at equal trials first.

    Attributes:
        trials, seconds: the largest budgets that all of them have had.
        notes: what makes the comparison weaker than it looks.
    """

    metric: str
    direction: Direction
    trials: int
    seconds: float
    standings: tuple[Standing, ...]
    notes: tuple[str, ...]


def compare(contenders: Sequence[Contender]) -> Comparison:
    """Compare at equal trials and at equal worker seconds.

    Raises:
        ConfigError: fewer than two, different objectives, or a sweep with hardly a result.
    """
    _check(contenders)
    objective = contenders[0].config.objective
    counted = {c.name: _counted(c.records) for c in contenders}
    best = {name: BestOf(records, objective.direction) for name, records in counted.items()}
    trials = min(one.trials for one in best.values())
    seconds = min(one.seconds for one in best.values())
    at_trials = {name: one.distribution(trials) for name, one in best.items()}
    at_seconds = {name: one.distribution_in(seconds) for name, one in best.items()}
    standings = [
        _standing(c, best, at_trials, at_seconds, trials, seconds, counted[c.name])
        for c in contenders
    ]
    sign = -1.0 if objective.direction == "maximize" else 1.0
    return Comparison(
        objective.metric,
        objective.direction,
        trials,
        seconds,
        tuple(sorted(standings, key=lambda s: sign * s.at_trials.median)),
        tuple(_notes(contenders)),
    )


def _counted(records: Sequence[TrialRecord]) -> list[TrialRecord]:
    """A copy of a trial is no further try, nor is one that confirms; others have no result yet."""
    return [r for r in records if r.state.ended and not (r.is_repeat or r.is_confirming)]


def _check(contenders: Sequence[Contender]) -> None:
    problems = []
    if len({c.name for c in contenders}) < 2:
        problems.append(Problem("compare", "name two different sweeps or more"))
    # not by its goal: how the trials were spent may well differ
    aims = [f"{c.config.objective.direction} {c.config.objective.metric}" for c in contenders]
    for one, has in zip(contenders, aims, strict=True):
        if has != (wants := aims[0]):
            problems.append(Problem(one.name, f"it is to {has}, {contenders[0].name} to {wants}"))
        valued = sum(r.value is not None for r in _counted(one.records))
        if valued < _LEAST:
            rule = f"{count(valued, 'trial')} with a result, and a comparison needs {_LEAST}"
            problems.append(Problem(one.name, rule))
    if problems:
        raise ConfigError(problems)


def _standing(
    one: Contender,
    best: Mapping[str, BestOf],
    at_trials: Mapping[str, np.ndarray[tuple[int], np.dtype[np.float64]]],
    at_seconds: Mapping[str, np.ndarray[tuple[int], np.dtype[np.float64]]],
    trials: int,
    seconds: float,
    counted: Sequence[TrialRecord],
) -> Standing:
    mine, name = best[one.name], one.name
    others = [other for other in best if other != name]
    valued = [r for r in counted if r.value is not None]
    return Standing(
        name=name,
        model=one.config.model.name,
        trials=mine.trials,
        finished=sum(r.state is TrialState.COMPLETE for r in counted),
        seconds=mine.seconds,
        best=ranked(valued, one.config.objective.direction)[0],
        at_trials=mine.after_trials(trials),
        at_seconds=mine.after_seconds([seconds])[0],
        by_trials=tuple((float(k), mine.after_trials(k)) for k in _steps(mine.trials)),
        by_seconds=_by_seconds(mine),
        beats={o: probability_better(mine, best[o], at_trials[name], at_trials[o]) for o in others},
        beats_in_time={
            o: probability_better(mine, best[o], at_seconds[name], at_seconds[o])
            for o in others
            if np.isfinite([at_seconds[name].sum(), at_seconds[o].sum()]).all()
        },
    )


def _steps(trials: int) -> list[int]:
    return sorted({round(k) for k in np.geomspace(1, trials, _POINTS)})


def _by_seconds(one: BestOf) -> Curve:
    if not one.seconds:
        return ()
    budgets = [float(s) for s in np.geomspace(one.seconds / one.trials, one.seconds, _POINTS)]
    found = zip(budgets, one.after_seconds(budgets), strict=True)
    return tuple((seconds, best) for seconds, best in found if best is not None)


def _notes(contenders: Sequence[Contender]) -> list[str]:
    notes = []
    for section in ("data", "training"):
        if len({str(_section(c, section)) for c in contenders}) > 1:
            notes.append(f"the sweeps differ in {section}, which may be what makes the difference")
    if any(not r.state.ended for c in contenders for r in c.records):
        notes.append("some trials are still running and do not count yet")
    notes.append("one seed for each trial: a small difference can be luck, also with all trials")
    return notes


def _section(one: Contender, section: str) -> object:
    return one.config.to_json()[section]
