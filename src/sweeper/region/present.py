"""The region of a sweep whose search space may have changed on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.config import is_inside
from sweeper.region.answer import Counts, Region
from sweeper.region.find import find_region
from sweeper.region.tied import tied_region

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sweeper.config import SweepConfig
    from sweeper.records import TrialRecord

__all__ = ["inside", "quick_region_of", "region_of"]


def inside(config: SweepConfig, records: Iterable[TrialRecord]) -> list[TrialRecord]:
    """The trials that the present search space could propose."""
    return [record for record in records if is_inside(config, record.params)]


def region_of(config: SweepConfig, records: Sequence[TrialRecord]) -> Region:
    """The region in the present search space; the counts are those of all trials."""
    region = find_region(inside(config, records), config.objective, config.search_space)
    return replace(region, counts=Counts.of(records))


def quick_region_of(config: SweepConfig, records: Sequence[TrialRecord]) -> Region:
    """As `region_of`, from the finished trials alone: cheap enough for every tick of a board."""
    region = tied_region(inside(config, records), config.objective, config.search_space)
    return replace(region, counts=Counts.of(records))
