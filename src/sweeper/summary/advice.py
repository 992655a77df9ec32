"""What to do next, and how many trials that takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sweeper.region import SURE, bound_words
from sweeper.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweeper.region import Region

__all__ = ["advice", "enough_trials"]

_LEAST = 8
_MOST_TIMES = 4  # the present total: beyond that another search space is the better bet


def advice(region: Region) -> Iterator[str]:
    """One sentence each, the most important first."""
    evidence = region.evidence
    if region.best is None and not region.counts.ended:
        return
    for edge in region.edges:
        move = bound_words(edge)
        yield f"{move[0].upper()}{move[1:]} and search on."
    if evidence.enough:
        yield from _settle(region)
    elif evidence.more_trials:
        yield _more(region, evidence.more_trials)
    elif region.best is not None and region.map is not None:
        yield (
            "More trials alone may not help: train the best few again with other seeds to tell "
            "settings from luck, search wider ranges, or train longer."
        )


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
    said = f"About {count(needed, 'more trial')} to the last epoch would be enough evidence"
    if started > needed:
        said += f", which is about {started:,} more in all, since most are stopped early"
    return f"{said}."


def _settle(region: Region) -> Iterator[str]:
    if (region.confidence or 0.0) < SURE:
        yield (
            "Run more trials: the region is not sharp yet. With objective.goal: region the last "
            "part of a budget is placed where it is least sure."
        )
    if region.noise.repeated == 0:
        yield (
            "Before it is built upon, train the centre again with two or three other seeds "
            "(`sweeper confirm` does that): all trials had one seed each."
        )
