"""Making MLflow's list of running trials true."""

from __future__ import annotations

from collections.abc import Collection

from sweeper.tracker.context import Context
from sweeper.tracker.store import RunView
from sweeper.tracker.tail import read_chunk
from sweeper.tracker.tally import Tally
from sweeper.tracker.writes import RunWrites, plan

__all__ = ["reconcile"]


def reconcile(context: Context) -> None:
    """Correct the runs of the sweep that MLflow shows as running and that do not run.

    A trial whose ending MLflow has lost gets it again. A run that belongs to no trial was created
    by a request whose answer never came; if it is empty, it is deleted.
    """
    target, state = context.target, context.state
    running = context.store.find_running(target.experiment_id, context.query)
    stale: dict[int, RunView] = {}
    for run in running:
        number = _trial_of(run)
        owner = target.run_id if number is None else state.runs.get(number, run.id)
        if run.id != owner:
            _delete_stray(context, run)
        elif number in state.runs and not _is_working(state.tally, number):
            stale[number] = run
    endings = _endings(context, stale) if stale else {}
    for number, writes in endings.items():
        context.store.log(stale[number].id, tags=writes.tags)
        if writes.status:
            context.store.set_status(stale[number].id, writes.status)


def _trial_of(run: RunView) -> int | None:
    return int(run.tags["sweeper.trial"]) if "sweeper.trial" in run.tags else None


def _is_working(tally: Tally, number: int) -> bool:
    return number in tally.live and tally.live[number].working


def _delete_stray(context: Context, run: RunView) -> None:
    if not run.metrics:
        context.store.delete(run.id)
        context.remark(f"deleted the empty run {run.id}, which a lost answer had left in MLflow")


def _endings(context: Context, numbers: Collection[int]) -> dict[int, RunWrites]:
    """What the shipped history last says about the status of these trials."""
    offset, tally, state = 0, Tally(), context.state
    endings: dict[int, RunWrites] = {}
    while offset < state.offset:
        chunk = read_chunk(context.paths.history, offset, state.offset)
        offset = chunk.end
        folded = plan(context.sweep, context.paths, tally, chunk.events)
        tally = folded.tally
        endings |= {n: w for n, w in folded.trials.items() if n in numbers and w.status}
    return endings
