"""Which configurations deserve to be trained again: the recommended centre and the best trials'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sweeper.ledger.confirmation import ConfirmPlan, Point, searched
from sweeper.records import ParamValue, TrialRecord, TrialState, ranked
from sweeper.region import inside, region_of
from sweeper.region.settled import settled

if TYPE_CHECKING:
    from sweeper.config import Confirm, SweepConfig

__all__ = ["choose"]


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
    best = [Point(r.params, r.number) for r in _best(config, records)[: options.top]]
    ended = searched(records)
    if before is not None and before.searched == ended:
        centre = next((p for p in before.points if p.confirms is None), None)
        why = before.without_centre
    else:
        centre, why = _centre(config, records, best)
    points = (*([centre] if centre else []), *best)
    return ConfirmPlan(points, options, ended, by_hand, why)


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


def _centre(
    config: SweepConfig, records: Sequence[TrialRecord], best: Sequence[Point]
) -> tuple[Point | None, str]:
    """The recommended centre, or why there is none."""
    try:
        params = settled(config, region_of(config, records))
    except ValueError as why:
        return None, str(why)
    if any(dict(point.params) == params for point in best):
        return None, "the recommended centre is one of the best trials"
    return Point(params, None), ""
