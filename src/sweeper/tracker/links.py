"""Where a browser finds what is in MLflow."""

from __future__ import annotations

__all__ = ["run_url"]


def run_url(uri: str, experiment_id: str, run_id: str) -> str | None:
    """The page of a run; None for a store that no server is known for.

    Args:
        uri: the tracking URI, without password.
    """
    if not uri.startswith(("http://", "https://")):
        return None
    return f"{uri.rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}"
