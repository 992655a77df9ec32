"""Where a browser finds what is in MLflow."""

from __future__ import annotations

from pathlib import Path

from sweeper.tracker.place import locate
from sweeper.tracker.ui_record import ui_address

__all__ = ["MODEL_TRAINING", "run_path", "run_url"]

MODEL_TRAINING = "workflowType=machine_learning"
"""Without it a browser that is new to the server shows the page among its GenAI tools."""


def run_path(experiment_id: str, run_id: str, artifact: str = "") -> str:
    """The page of a run, or of one of its artifacts, as a link from another page of the server."""
    page = f"/artifacts/{artifact}" if artifact else ""
    return f"#/experiments/{experiment_id}/runs/{run_id}{page}?{MODEL_TRAINING}"


def run_url(uri: str | None, experiment_id: str, run_id: str, folder: Path) -> str | None:
    """The page of a run; None for a store that no server is known for.

    Args:
        uri: the tracking URI, without password; None or nothing for MLflow's default.
        folder: absolute; where relative paths in it start.
    """
    address = ui_address(locate(uri, folder))
    return f"{address}/{run_path(experiment_id, run_id)}" if address else None
