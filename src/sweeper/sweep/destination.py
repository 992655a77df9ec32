"""Which MLflow a sweep is mirrored to."""

from __future__ import annotations

import os
from pathlib import Path

from sweeper.ledger.note import read_note
from sweeper.ledger.paths import SweepPaths
from sweeper.tracker.place import refuse_impossible
from sweeper.tracker.quiet import without_password

__all__ = ["destination", "refuse_destination", "shown"]


def destination(paths: SweepPaths, given: str | None = None) -> str | None:
    """``given``, or MLFLOW_TRACKING_URI, or where the last driver mirrored to.

    Another terminal, in which the variable is not set, shall not begin a second mirror elsewhere.

    Returns:
        None for MLflow's own default.
    """
    note = read_note(paths)
    return given or os.environ.get("MLFLOW_TRACKING_URI") or (note and note.tracking_uri) or None


def refuse_destination(paths: SweepPaths, given: str | None = None) -> None:
    """Make sure that there can be such a store, before anything is started.

    Raises:
        TrackingError: there cannot; one that only does not answer is no matter.
    """
    refuse_impossible(destination(paths, given), Path.cwd())


def shown(uri: str | None) -> str:
    """The tracking URI as it may be written down; empty for MLflow's default."""
    return without_password(uri or "")
