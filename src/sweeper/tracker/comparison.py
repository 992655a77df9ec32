"""A comparison of sweeps as a run of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sweeper.tracker.names import safe_key
from sweeper.tracker.provenance import collect
from sweeper.tracker.store import Store
from sweeper.tracker.writes import Birth, Point, Status

__all__ = ["ComparisonRun", "log_comparison"]


@dataclass(frozen=True, slots=True)
class ComparisonRun:
    """What the run shows.

    Attributes:
        name: of the run.
        sweep_ids: of the compared sweeps; the same sweeps have the same run again.
        metrics, params: by name.
        step: of the metrics, which grows with the sweeps.
        description: Markdown.
        files: what it has as artifacts.
    """

    name: str
    sweep_ids: Sequence[str]
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    step: int
    description: str
    files: Sequence[Path] = field(default=())


def log_comparison(uri: str | None, experiment: str, run: ComparisonRun) -> str | None:
    """Write the run; one of the same sweeps is brought up to date.

    Args:
        uri: as for `Store.connect`.

    Returns:
        Where a browser finds it; None for a store that no server is known for.

    Raises:
        TrackingError: MLflow cannot be reached or fails.
    """
    store = Store.connect(uri)
    place = store.experiment(experiment)
    tags = {
        "sweeper.role": "comparison",
        "sweeper.compared": ",".join(sorted(run.sweep_ids)),
    }
    found = [view for view in store.find(place, tags) if not view.deleted]
    now = int(time.time() * 1000)
    born = {**collect().tags(), "mlflow.source.name": "sweeper compare", **tags}
    run_id = found[0].id if found else store.create(place, Birth(run.name, now), born)
    known = found[0].params if found else {}
    points = [Point(safe_key(key), value, now, run.step) for key, value in run.metrics.items()]
    new = {safe_key(key): text for key, text in run.params.items() if safe_key(key) not in known}
    store.log(run_id, points, new, {"mlflow.note.content": run.description})
    for path in run.files:
        store.upload(run_id, path)
    store.set_status(run_id, Status("FINISHED", now))
    return store.run_url(place, run_id)
