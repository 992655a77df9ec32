"""The sweep's parent run: found or created, dressed for each session, kept up to date."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sweeper.errors import TrackingError
from sweeper.tracker.context import Context
from sweeper.tracker.names import param_text, safe_key
from sweeper.tracker.points import unwritten
from sweeper.tracker.state import Target
from sweeper.tracker.store import RunGoneError, RunView, Store, WriteRefusedError
from sweeper.tracker.tail import first_time, length
from sweeper.tracker.view import view_tag
from sweeper.tracker.writes import Birth, RunWrites

__all__ = ["check_parent", "dress_parent", "open_parent", "write_parent"]


def open_parent(context: Context) -> None:
    """Aim at the parent run: the one remembered, or found by its tags, or a new one.

    Raises:
        TrackingError: MLflow cannot be reached, or the run or its experiment has been deleted.
    """
    store, state, sweep = context.store, context.state, context.sweep
    if state.target and (known := store.get(state.target.run_id)):
        _refuse_deleted(store, known)
        return
    experiment = store.experiment(sweep.experiment)
    runs = store.find(experiment, context.query)
    parents = [run for run in runs if run.tags.get("sweeper.role") == "parent"]
    if parents:
        parent = min(parents, key=lambda run: (run.deleted, run.id))
        _refuse_deleted(store, parent)
        run_id = parent.id
    else:
        run_id = _create(context, experiment)
    # children that are there already had a parent that is gone, or mirror.jsonl was lost
    begun = length(context.paths.history) if len(runs) > len(parents) else 0
    state.aim(Target(experiment, run_id), begun)


def check_parent(context: Context) -> None:
    """Make sure that the parent run is still there.

    Raises:
        RunGoneError: this store does not have it.
        TrackingError: it is in MLflow's trash.
    """
    parent = context.store.get(context.target.run_id)
    if parent is None:
        raise RunGoneError
    _refuse_deleted(context.store, parent)


def dress_parent(context: Context) -> None:
    """Write what this session knows about the sweep: tags, settings, data set, files."""
    store, run_id = context.store, context.target.run_id
    parent = store.get(run_id) or RunView(run_id, context.target.experiment_id)
    settings = {safe_key(key): param_text(value) for key, value in context.sweep.settings.items()}
    limits = {f"sweeper.{key}": value for key, value in context.sweep.limits.items()}
    params, changes = _params(settings, parent)
    store.log(run_id, (), params, {**context.tags, **limits, **changes})
    store.tag_experiment(context.target.experiment_id, *view_tag(context.sweep))
    if context.sweep.dataset:
        store.log_dataset(run_id, context.sweep.dataset)
    if context.paths.config.exists():
        store.upload(run_id, context.paths.config)
    store.upload_text(run_id, context.provenance.environment, "environment.txt")
    if context.provenance.git and context.provenance.git.changes:
        store.upload_text(run_id, context.provenance.git.changes, "code.diff")


def write_parent(context: Context, writes: RunWrites, *, sure: bool) -> None:
    """Write the sweep's own metrics, tags and status."""
    store, run_id = context.store, context.target.run_id
    points = writes.points if sure else unwritten(store, run_id, writes.points)
    try:
        store.log(run_id, points, {}, writes.tags)
    except WriteRefusedError as error:
        context.remark(f"MLflow refused a part of the parent run: {error}")
    if writes.status:
        store.set_status(run_id, writes.status)


def _params(settings: Mapping[str, str], parent: RunView) -> tuple[dict[str, str], dict[str, str]]:
    """The parameters that the parent lacks, and tags that tell of what a resume has changed.

    MLflow's parameters cannot change, so a new value gets a name that says since when.
    """
    since = f" from session {parent.tags.get('sweeper.session', '1')}"
    params, tags = {}, {}
    for key, value in settings.items():
        last = _last_value(key, parent.params)
        if last is None:
            params[key] = value
        elif last != value and key + since not in parent.params:
            params[key + since] = value
            tags[f"sweeper.changed.{key}"] = f"{last} -> {value}"
    return params, tags


def _last_value(key: str, params: Mapping[str, str]) -> str | None:
    """The parameter's value of the latest session that changed it."""
    prefix = f"{key} from session "
    sessions = [int(name.removeprefix(prefix)) for name in params if name.startswith(prefix)]
    return params[f"{prefix}{max(sessions)}"] if sessions else params.get(key)


def _create(context: Context, experiment: str) -> str:
    began = first_time(context.paths.history) or time.time()
    tags = {**context.tags, "sweeper.role": "parent", "sweeper.state": "running"}
    return context.store.create(experiment, Birth(context.sweep.name, int(began * 1000)), tags)


def _refuse_deleted(store: Store, run: RunView) -> None:
    if run.deleted:
        store.check_experiment(run.experiment_id)
        raise TrackingError(
            "the sweep's parent run has been deleted in MLflow, so nothing is written there; "
            f"`mlflow runs restore --run-id {run.id}` brings it back, and the mirror catches up"
        )
