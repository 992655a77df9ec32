"""The trials' runs, nested in the parent: each written once, whatever was cut short before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace

from sweeper.tracker.context import Context
from sweeper.tracker.parent import check_parent
from sweeper.tracker.points import unwritten
from sweeper.tracker.store import RunGoneError, RunView, WriteRefusedError
from sweeper.tracker.whole_runs import is_plain
from sweeper.tracker.writes import RunWrites

__all__ = ["drop_trial", "write_trials"]

_PARENT = "mlflow.parentRunId"


def write_trials(context: Context, trials: Mapping[int, RunWrites], *, sure: bool) -> None:
    """Bring the trials' runs up to date.

    Args:
        sure: nothing of this has been tried before. Otherwise a run is looked for before it is
            created, and what it has is skipped.
    """
    made = _create_whole(context, trials) if sure else ()
    for number, writes in trials.items():
        if number not in made and number not in context.state.dropped:
            _write_trial(context, number, writes, sure=sure)


def _create_whole(context: Context, trials: Mapping[int, RunWrites]) -> Collection[int]:
    """Create those that have no run yet in one step, where the store can; gives their numbers."""
    known = context.state.runs.keys() | context.state.dropped
    new = {n: writes for n, writes in trials.items() if n not in known and is_plain(writes)}
    runs = [replace(w, tags=_first_tags(context, n, w)) for n, w in new.items()]
    ids = context.store.create_whole(context.target.run_id, runs) if runs else None
    if ids is None:
        return ()
    context.state.add_runs(dict(zip(new, ids, strict=True)))
    for number in new:
        with _dropping(context, number):
            _describe_data(context, context.state.runs[number])
    return new.keys()


def _write_trial(context: Context, number: int, writes: RunWrites, *, sure: bool) -> None:
    with _dropping(context, number):
        run = None if sure else _look_for(context, number)
        if run is None:
            _write_new(context, number, writes)
        else:
            _write_missing(context, run, writes)


@contextmanager
def _dropping(context: Context, number: int) -> Iterator[None]:
    """Drop the trial if its run turns out to be gone."""
    try:
        yield
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
    tags = _first_tags(context, number, writes)
    run_id = context.store.create(context.target.experiment_id, writes.birth, tags)
    context.state.add_runs({number: run_id})
    _write(context, run_id, replace(writes, tags={}), born=True)


def _first_tags(context: Context, number: int, writes: RunWrites) -> dict[str, str]:
    return {
        **context.tags,
        **writes.tags,
        _PARENT: context.target.run_id,
        "sweeper.role": "trial",
        "sweeper.trial": str(number),
    }


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
    except WriteRefusedError as error:
        _remark_refusal(context, run_id, error)
        with suppress(WriteRefusedError):
            context.store.log(run_id, tags=writes.tags)
    if born:
        _describe_data(context, run_id)
    if writes.status:
        context.store.set_status(run_id, writes.status)


def _describe_data(context: Context, run_id: str) -> None:
    """Say what a new run trains on."""
    if context.sweep.dataset:
        try:
            context.store.log_dataset(run_id, context.sweep.dataset)
        except WriteRefusedError as error:
            _remark_refusal(context, run_id, error)


def _remark_refusal(context: Context, run_id: str, error: WriteRefusedError) -> None:
    context.remark(f"MLflow refused a part of run {run_id}: {error}")


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
        context.state.add_runs({number: run.id})
    return run
