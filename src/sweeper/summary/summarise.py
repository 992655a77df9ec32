"""From records to a summary: a pure function."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sweeper.diagnosis import find_all
from sweeper.records import TrialRecord, TrialState, ranked
from sweeper.region import quick_region_of, region_of, verdict
from sweeper.region.scale import scale_of
from sweeper.summary.advice import advice, enough_trials
from sweeper.summary.answer import Cost, Entry, Summary
from sweeper.summary.confirm_words import confirm_warnings
from sweeper.summary.confirmation import confirmation
from sweeper.summary.findings import findings
from sweeper.summary.front import find_front
from sweeper.summary.next_space import NextSpace, next_space
from sweeper.summary.repeats import repeats_of
from sweeper.summary.warnings import warnings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sweeper.config import SweepConfig

__all__ = ["summarise"]

_TOP = 10


def summarise(
    config: SweepConfig,
    records: Sequence[TrialRecord],
    *,
    wall_seconds: float | None = None,
    gpu_seconds: float = 0.0,
    links: Mapping[int, str] | None = None,
    commands: Mapping[str, str] | None = None,
    now: float | None = None,
    ongoing: bool = False,
    places: Mapping[str, str] | None = None,
    settings: Mapping[str, str] | None = None,
    taken: Sequence[str] = (),
    remarks: Iterable[str] = (),
) -> Summary:
    """Sum a sweep up, at any time and with any number of trials.

    Args:
        wall_seconds: how long its sessions ran; by default from the first start to the last end.
        gpu_seconds: how long its trials held GPUs, times the GPUs of each.
        links: where trials are shown, by number.
        commands: what to type next, by purpose.
        ongoing: trials are running: the region is the quick one then, since the surrogate takes
            seconds of a processor that trains, and nothing is said of a next search space.
        places: where more is to be seen, by what it is.
        settings: what the sweep runs with, for people.
        taken: names of all sweeps that there are.
        remarks: warnings that do not follow from the records, a sentence each.
    """
    # a sweep at work leaves the processors to its trials
    region = quick_region_of(config, records) if ongoing else region_of(config, records)
    curves = find_all(records, config.objective, config.epochs)
    confirmed = confirmation(config, records)
    following = None if ongoing else next_space(config, region, records, taken)
    return Summary(
        name=config.name,
        experiment=config.experiment,
        verdict=verdict(region),
        findings=tuple(findings(region, repeats_of(config, records))),
        region=region,
        total=config.budget.trials,
        epochs=config.epochs,
        leaderboard=_leaderboard(config, records, links or {}),
        warnings=(
            *remarks,
            *confirm_warnings(confirmed, region.metric),
            *warnings(config, records, region),
            *curves.consequences(),
        ),
        steps=tuple(advice(region, config.budget.trials, _unmoved(following))),
        cost=_cost(records, wall_seconds, gpu_seconds),
        more=enough_trials(region, config.budget.trials),
        written=time.time() if now is None else now,
        commands=dict(commands or {}),
        ongoing=ongoing,
        places=dict(places or {}),
        settings=dict(settings or {}),
        curves=curves.line,
        confirmation=confirmed,
        next_space=following,
        front=find_front(config, records, links or {}),
    )


def _unmoved(following: NextSpace | None) -> dict[str, str]:
    """Why which parameters have no bound further out in the next space."""
    steps = following.steps if following else ()
    return {step.name: step.why for step in steps if step.kind != "moved"}


def _leaderboard(
    config: SweepConfig, records: Sequence[TrialRecord], links: Mapping[int, str]
) -> tuple[Entry, ...]:
    """The best finished trials; while none has finished, the best of those that were stopped."""
    search = [r for r in records if not (r.is_repeat or r.is_confirming)]
    valued = [r for r in search if r.value is not None and r.state.ended]
    finished = [r for r in valued if r.state is TrialState.COMPLETE]
    best = ranked(finished or valued, config.objective.direction)[:_TOP]
    searched = {name for name, spec in config.search_space.items() if scale_of(spec) is not None}
    return tuple(
        Entry(
            rank=rank,
            number=r.number,
            value=r.value or 0.0,
            params={name: value for name, value in r.params.items() if name in searched},
            epoch=r.epoch,
            finished=bool(finished),
            seconds=r.seconds,
            link=links.get(r.number, ""),
        )
        for rank, r in enumerate(best, 1)
    )


def _cost(records: Iterable[TrialRecord], wall_seconds: float | None, gpu_seconds: float) -> Cost:
    records = list(records)
    starts = [r.started for r in records if r.started is not None]
    ends = [r.ended for r in records if r.ended is not None]
    if wall_seconds is None and starts and ends:
        wall_seconds = max(max(ends) - min(starts), 0.0)
    return Cost(wall_seconds, sum(r.seconds or 0.0 for r in records), gpu_seconds)
