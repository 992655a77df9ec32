"""How far seeds alone drive good configurations apart, from those that were trained again."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING

from sweeper.records import TrialRecord, TrialState
from sweeper.region import inside
from sweeper.summary.confirmation import LEAST_DEGREES, pooled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweeper.config import SweepConfig
    from sweeper.region import Region

__all__ = ["Repeats", "repeats_of"]

_FAR = 2.0
"""Seen against estimated: chance alone makes it so in less than 1% with `LEAST_DEGREES`."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """Attributes:
    sd: standard deviation over seeds, pooled, in the metric's units.
    degrees: its degrees of freedom.
    """

    sd: float
    degrees: int

    def contradict(self, region: Region) -> bool:
        """Whether they differ far more than the surrogate makes of all trials together."""
        estimated = region.noise.sd
        return estimated is not None and self.sd > _FAR * estimated


def repeats_of(config: SweepConfig, records: Sequence[TrialRecord]) -> Repeats | None:
    """What the seeds show, None where there are too few.

    Only configurations in the better half of the finished trials count: what is bad often differs
    more, and the surrogate's estimate is for near the best. What a search found is not pooled with
    the seeds that confirm it, since it was chosen for its value.
    """
    finished = [
        r
        for r in inside(config, records)
        if r.state is TrialState.COMPLETE and r.value is not None and not r.is_repeat
    ]
    groups: dict[object, dict[int, float]] = {}
    for record in finished:
        key = (record.stage, tuple(sorted(record.params.items())))
        groups.setdefault(key, {})[record.seed] = record.value or 0.0
    good = _good(config, finished, groups)
    sd, degrees = pooled([list(values.values()) for values in good])
    return Repeats(sd, degrees) if sd is not None and degrees >= LEAST_DEGREES else None


def _good(
    config: SweepConfig,
    finished: Sequence[TrialRecord],
    groups: Mapping[object, Mapping[int, float]],
) -> list[Mapping[int, float]]:
    sign = 1.0 if config.objective.direction == "maximize" else -1.0
    search = [sign * (r.value or 0.0) for r in finished if not r.is_confirming]
    least = median(search) if search else float("-inf")
    return [values for values in groups.values() if sign * fmean(values.values()) >= least]
