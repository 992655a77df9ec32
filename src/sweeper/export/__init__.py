"""A sweep as tables for other programs: one row for each trial, one for each trial and epoch."""

from sweeper.export.files import FORMATS, write_tables
from sweeper.export.rows import TRIAL_COLUMNS, Row, history_rows, trial_rows
from sweeper.export.text import csv_text

__all__ = [
    "FORMATS",
    "TRIAL_COLUMNS",
    "Row",
    "csv_text",
    "history_rows",
    "trial_rows",
    "write_tables",
]
