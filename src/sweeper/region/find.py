"""The region of a sweep: what the finished trials show, and what the surrogate makes of all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.region.answer import Evidence, Region, TooFew
from sweeper.region.tied import tied_region

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweeper.config import Objective, SearchSpace
    from sweeper.records import TrialRecord

__all__ = ["find_region"]


def find_region(
    records: Sequence[TrialRecord],
    objective: Objective,
    space: SearchSpace,
    *,
    tolerance: float | None = None,
) -> Region:
    """The near-optimal set over lr and batch size, how sure it is, and what it rests on.

    A few seconds; `tied_region` is the quick look.

    Args:
        tolerance: how close counts as tied, in the metric's units; by default one standard
            deviation over seeds or 10% of (median - best), whichever is larger.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from sweeper.region.assemble import assemble  # numpy and scipy

    try:
        with threadpool_limits(limits=1, user_api="blas"):  # small matrices; trials may run
            return assemble(records, objective, space, tolerance)
    except TooFew as why:
        quick = tied_region(records, objective, space, tolerance=tolerance)
        reason = Evidence(False, str(why), finished=quick.counts.finished)
        return replace(quick, recommended=None, evidence=reason)
