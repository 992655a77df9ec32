"""What to do next, and how many trials that takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sweeper.region import SURE, bound_words
from sweeper.region.verdict import unfinished_row, unfinished_words
from sweeper.summary.narrowing import fits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweeper.region import Region

__all__ = ["advice", "enough_trials"]

_LEAST = 8
_MOST_TIMES = 4  # the present total: beyond that another search space is the better bet


def advice(region: Region, total: int, unmoved: Mapping[str, str] | None = None) -> Iterator[str]:
    """One sentence each, the most important first.

    Args:
        total: trials that the budget allows.
        unmoved: by name, why the next search space does not move a parameter's bounds.
    """
    if region.evidence.enough:
        yield from _unfinished(region)
        yield from _edges(region, unmoved or {})
        yield from _settle(region, total)
    elif region.best is None or not region.evidence.reason or not (region.lr or region.batch_size):
        yield from _edges(region, unmoved or {})
    else:
        yield _thin(region, total)


def _unfinished(region: Region) -> Iterator[str]:
    if row := unfinished_row(region):
        yield (
            "Train the recommended centre to the end (`sweeper confirm` does that): "
            f"{unfinished_words(region, row)}."
        )


def _edges(region: Region, unmoved: Mapping[str, str]) -> Iterator[str]:
    for edge in region.edges:
        if not fits(edge, region):
            continue  # a warning says that it ran out of memory
        move = bound_words(edge)
        if edge.name in unmoved:
            yield f"To be sure, {move} by hand: next.yaml does not ({unmoved[edge.name]})."
        else:
            yield f"{move[0].upper()}{move[1:]} and search on."


def _thin(region: Region, total: int) -> str:
    if region.evidence.more_trials:
        return f"{_run(region, total)}: {_more(region, region.evidence.more_trials)}."
    if region.map is None:
        return f"{_run(region, total)}: {region.evidence.reason}."
    return (
        "More trials alone may not help: train the best few again with other seeds to tell "
        "settings from luck, search wider ranges, or train longer."
    )


def _run(region: Region, total: int) -> str:
    """What to do, and how many that are; a clause."""
    if (ended := region.counts.ended) < total:
        return f"Run more trials ({ended:,} of {total:,} have ended)"
    enough = enough_trials(region, total)
    return f"Run {enough - total:,} more trials (`sweeper resume` with `--trials {enough}`)"


def enough_trials(region: Region, total: int) -> int:
    """A total of trials that ought to be enough evidence; half more where nobody can tell."""
    needed = region.evidence.more_trials
    if not needed or region.evidence.enough:
        return total + max(_LEAST, total // 2)
    return min(total + max(_LEAST, _started(region, needed)), _MOST_TIMES * total)


def _started(region: Region, finished: int) -> int:
    """How many trials to start until so many more have finished, at the present share."""
    share = max(region.counts.finished, 1) / max(region.counts.ended, 1)
    return math.ceil(finished / share)


def _more(region: Region, needed: int) -> str:
    started = _started(region, needed)
    said = f"about {needed} more to the last epoch would be enough evidence"
    if started > needed:
        said += f", which is about {started:,} in all, since most are stopped early"
    return said


def _settle(region: Region, total: int) -> Iterator[str]:
    if (region.confidence or 0.0) < SURE:
        yield (
            f"{_run(region, total)}: the region is not sharp yet. With objective.goal: region the "
            "last part of a budget is placed where it is least sure."
        )
    if region.noise.repeated == 0 and not unfinished_row(region):
        yield (
            "Before it is built upon, train the centre again with two or three other seeds "
            "(`sweeper confirm` does that): all trials had one seed each."
        )
