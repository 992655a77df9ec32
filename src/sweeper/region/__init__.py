"""The region of good parameters: a pure function from trial records to an answer, and its words."""

from sweeper.region.answer import (
    ENOUGH,
    Best,
    Centre,
    Counts,
    Edge,
    Evidence,
    Interval,
    LeaveOneOut,
    Map,
    Noise,
    ParamRange,
    Region,
    Row,
    Slope,
    Tie,
)
from sweeper.region.find import find_region
from sweeper.region.present import inside, quick_region_of, region_of
from sweeper.region.tied import tied_region
from sweeper.region.verdict import (
    edge_words,
    expected_words,
    interval_words,
    row_words,
    sureness,
    thin_words,
    tie_words,
    verdict,
)

__all__ = [
    "ENOUGH",
    "Best",
    "Centre",
    "Counts",
    "Edge",
    "Evidence",
    "Interval",
    "LeaveOneOut",
    "Map",
    "Noise",
    "ParamRange",
    "Region",
    "Row",
    "Slope",
    "Tie",
    "edge_words",
    "expected_words",
    "find_region",
    "inside",
    "interval_words",
    "quick_region_of",
    "region_of",
    "row_words",
    "sureness",
    "thin_words",
    "tie_words",
    "tied_region",
    "verdict",
]
