"""Which configurations deserve to be trained again: the recommended centre and the best trials'.

Among these is the best trial of another batch size that the verdict calls as good, since that is a
claim to be confirmed too.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sweeper.ledger.confirmation import ConfirmPlan, Point, searched
from sweeper.records import ParamValue, TrialRecord, TrialState, ranked
from sweeper.region import inside, region_of
from sweeper.region.settled import settled

if TYPE_CHECKING:
    from sweeper.config import Confirm, SweepConfig
    from sweeper.region import Region

__all__ = ["choose"]

_SURE = 2
"""So many of the best trials come before a rival."""


def choose(
    config: SweepConfig,
    records: Sequence[TrialRecord],
    options: Confirm,
    *,
    by_hand: bool,
    before: ConfirmPlan | None = None,
) -> ConfirmPlan:
    """The plan after a search of ``records``; the region takes a few seconds.

    The best are those of the search: what confirming them gave does not change the choice.

    Args:
        before: an earlier plan. Where the search is the same, so is the centre.
    """
    ranking, ended = _best(config, records), searched(records)
    if before is not None and before.searched == ended:
        centre = next((p for p in before.points if p.confirms is None), None)
        chosen = {p.confirms for p in before.points}
        best = _top([r for r in ranking if r.number in chosen], ranking, options.top)
        why = before.without_centre
    else:
        region = region_of(config, records)
        best = _top([*ranking[:_SURE], *_rivals(region, ranking)], ranking, options.top)
        centre, why = _centre(config, region, best)
    points = (*([centre] if centre else []), *best)
    return ConfirmPlan(points, options, ended, by_hand, why)


def _top(first: Sequence[TrialRecord], ranking: Sequence[TrialRecord], top: int) -> list[Point]:
    """``top`` of them, those in ``first`` before the others, by rank."""
    chosen = {r.number: r for r in (*first, *ranking)}
    chosen = dict(itertools.islice(chosen.items(), top))
    return [Point(r.params, r.number) for r in ranking if r.number in chosen]


def _rivals(region: Region, ranking: Sequence[TrialRecord]) -> Iterator[TrialRecord]:
    """The best trial with each batch size that is as good as the recommended one."""
    for tie in region.ties if region.evidence.enough else ():
        own = (r for r in ranking if r.params.get(region.batch_size or "") == tie.batch_size)
        yield from itertools.islice(own, 1)


def _best(config: SweepConfig, records: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Finished trials of the search, the best first, each configuration once."""
    finished = [
        r
        for r in inside(config, records)
        if r.state is TrialState.COMPLETE and not (r.is_repeat or r.is_confirming)
    ]
    best: dict[tuple[tuple[str, ParamValue], ...], TrialRecord] = {}
    for record in ranked(finished, config.objective.direction):
        best.setdefault(tuple(sorted(record.params.items())), record)
    return list(best.values())


def _centre(config: SweepConfig, region: Region, best: Sequence[Point]) -> tuple[Point | None, str]:
    """The recommended centre, or why there is none."""
    try:
        params = settled(config, region)
    except ValueError as why:
        return None, str(why)
    if any(dict(point.params) == params for point in best):
        return None, "the recommended centre is one of the best trials"
    return Point(params, None), ""
