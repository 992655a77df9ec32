"""Sweeps side by side at equal budget: what a search of so many trials can be expected to find."""

from sweeper.compare.best_of import Best, BestOf
from sweeper.compare.comparison import Comparison, Contender, Standing, compare
from sweeper.compare.figure import chart
from sweeper.compare.report import csv_table, markdown, verdict

__all__ = [
    "Best",
    "BestOf",
    "Comparison",
    "Contender",
    "Standing",
    "chart",
    "compare",
    "csv_table",
    "markdown",
    "verdict",
]
