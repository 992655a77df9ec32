"""The region of good parameters: a pure function from trial records to an answer, and its words."""

from sweeper.region.answer import (
    ENOUGH,
    Best,
    Counts,
    Edge,
    Interval,
    ParamRange,
    Region,
    Row,
)
from sweeper.region.present import inside, region_of
from sweeper.region.tied import find_region
from sweeper.region.verdict import edge_words, interval_words, row_words, verdict

__all__ = [
    "ENOUGH",
    "Best",
    "Counts",
    "Edge",
    "Interval",
    "ParamRange",
    "Region",
    "Row",
    "edge_words",
    "find_region",
    "inside",
    "interval_words",
    "region_of",
    "row_words",
    "verdict",
]
