"""The trials' runs, nested in the parent: each written once, whatever was cut short before."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from sweeper.tracker.context import Context
from sweeper.tracker.parent import check_parent
from sweeper.tracker.points import unwritten
from sweeper.tracker.store import RunGoneError, RunView, WriteRefusedError
from sweeper.tracker.writes import RunWrites

__all__ = ["drop_trial", "write_trial"]

_PARENT = "mlflow.parentRunId"


def write_trial(context: Context, number: int, writes: RunWrites, *, sure: bool) -> None:
    """Bring the trial's run up to date with ``writes``.

    Args:
        sure: nothing of ``writes`` has been tried before. Otherwise the run is looked for before
            it is created, and what it has is skipped.
    """
    if number in context.state.dropped:
        return
    try:
        run = None if sure else _look_for(context, number)
        if run is None:
            _write_new(context, number, writes)
        else:
            _write_missing(context, run, writes)
    except RunGoneError:
        drop_trial(context, number)


def drop_trial(context: Context, number: int) -> None:
    """Write no more for a trial whose run was deleted; its parent must be there."""
    check_parent(context)
    context.state.drop(number)
    context.remark(f"trial {number}: its run was deleted in MLflow; nothing is added to it")


def _write_new(context: Context, number: int, writes: RunWrites) -> None:
    run_id = context.state.runs.get(number)
    if run_id is not None:
        _write(context, run_id, replace(writes, params={}), born=False)
        return
    assert writes.birth is not None  # the history tells of a trial's start first
    tags = {
        **context.tags,
        **writes.tags,
        _PARENT: context.target.run_id,
        "sweeper.role": "trial",
        "sweeper.trial": str(number),
    }
    run_id = context.store.create(context.target.experiment_id, writes.birth, tags)
    context.state.add_run(number, run_id)
    _write(context, run_id, replace(writes, tags={}), born=True)


def _write_missing(context: Context, run: RunView, writes: RunWrites) -> None:
    missing = replace(
        writes,
        params={key: value for key, value in writes.params.items() if key not in run.params},
        points=unwritten(context.store, run.id, writes.points),
        # a run that had another parent, which is gone
        tags={**writes.tags, _PARENT: context.target.run_id},
    )
    _write(context, run.id, missing, born=writes.birth is not None)


def _write(context: Context, run_id: str, writes: RunWrites, *, born: bool) -> None:
    try:
        context.store.log(run_id, writes.points, writes.params, writes.tags)
        if born and context.sweep.dataset:
            context.store.log_dataset(run_id, context.sweep.dataset)
    except WriteRefusedError as error:
        context.remark(f"MLflow refused a part of run {run_id}: {error}")
        with suppress(WriteRefusedError):
            context.store.log(run_id, tags=writes.tags)
    if writes.status:
        context.store.set_status(run_id, writes.status)


def _look_for(context: Context, number: int) -> RunView | None:
    """The trial's run, remembered or found by its tags; None where it was never created."""
    run_id = context.state.runs.get(number)
    if run_id is not None:
        found = [run] if (run := context.store.get(run_id)) else []
    else:
        query = {**context.query, "sweeper.trial": str(number)}
        found = context.store.find(context.target.experiment_id, query)
        if not found:
            return None
    active = [run for run in found if not run.deleted]
    if not active:
        raise RunGoneError
    run = max(active, key=lambda run: (len(run.metrics), run.id))
    if run_id is None:
        context.state.add_run(number, run.id)
    return run
