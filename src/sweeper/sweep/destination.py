"""Which MLflow a sweep is mirrored to."""

from __future__ import annotations

import os

from sweeper.ledger.note import read_note
from sweeper.ledger.paths import SweepPaths
from sweeper.tracker.quiet import without_password

__all__ = ["destination", "shown"]


def destination(paths: SweepPaths, given: str | None = None) -> str | None:
    """``given``, or MLFLOW_TRACKING_URI, or where the last driver mirrored to.

    Another terminal, in which the variable is not set, shall not begin a second mirror elsewhere.

    Returns:
        None for MLflow's own default.
    """
    note = read_note(paths)
    return given or os.environ.get("MLFLOW_TRACKING_URI") or (note and note.tracking_uri) or None


def shown(uri: str | None) -> str:
    """The tracking URI as it may be written down; empty for MLflow's default."""
    return without_password(uri or "")
