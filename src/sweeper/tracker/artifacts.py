"""Files and wishes: what the runs get besides events, each retried on its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from sweeper.errors import TrackingError
from sweeper.tracker.children import drop_trial
from sweeper.tracker.context import Context
from sweeper.tracker.model import register_trial
from sweeper.tracker.state import Wish
from sweeper.tracker.store import RunGoneError, WriteRefusedError

__all__ = ["DESCRIPTION", "FOLDER", "MODEL", "describe", "late_trials", "settle"]

DESCRIPTION = "description"
MODEL = "model"
FOLDER = "folder:"  # followed by the folder, relative to the sweep's
_TRIAL_FILES = ("config.yaml", "train.log")


def settle(context: Context, stop: Callable[[], bool]) -> None:
    """Upload the artifacts of ended trials and fulfil the wishes for the parent run.

    One that fails does not hold up the others.

    Raises:
        TrackingError: the first failure, after all have been tried.
    """
    failures: list[TrackingError] = []
    uploads = [partial(_upload_trial, context, n) for n in sorted(context.state.owed)]
    grants = [partial(_fulfil, context, k, wish) for k, wish in list(context.state.wishes.items())]
    for action in (*uploads, *grants):
        if stop():
            break
        try:
            action()
        except TrackingError as error:
            failures.append(error)
    if failures:
        raise failures[0]


def late_trials(context: Context, numbers: Iterable[int]) -> list[int]:
    """Those of the trials that have files newer than what was uploaded."""
    shipped, paths = context.state.shipped, context.paths
    return [n for n in numbers if n in shipped and _newest(paths.trial(n)) > shipped[n]]


def describe(context: Context, markdown: str) -> None:
    """Put ``markdown`` at the top of the parent run's page."""
    context.store.log(context.target.run_id, tags={"mlflow.note.content": markdown})


def _upload_trial(context: Context, number: int) -> None:
    folder = context.paths.trial(number)
    newest = _newest(folder)
    if newest != context.state.shipped.get(number, 0):
        try:
            for path in _present(folder):
                context.store.upload(context.state.runs[number], path)
        except RunGoneError:
            drop_trial(context, number)
            return
        except WriteRefusedError as error:
            context.remark(f"trial {number}: MLflow refused its artifacts: {error}")
    context.state.add_shipped(number, newest)


def _present(folder: Path) -> list[Path]:
    paths = (folder / "artifacts", *(folder / name for name in _TRIAL_FILES))
    return [path for path in paths if path.exists()]


def _newest(folder: Path) -> int:
    """The newest modification time (ns) among the trial's files; 0 where there are none."""
    files = [f for p in _present(folder) for f in ([p] if p.is_file() else p.rglob("*"))]
    return max((f.stat().st_mtime_ns for f in files if f.is_file()), default=0)


def _fulfil(context: Context, kind: str, wish: Wish) -> None:
    try:
        _write_wish(context, kind, wish)
    except WriteRefusedError as error:
        context.remark(f"MLflow refused the {kind} of the parent run: {error}")
    context.state.grant(kind, wish)


def _write_wish(context: Context, kind: str, wish: Wish) -> None:
    run_id = context.target.run_id
    if kind == DESCRIPTION:
        describe(context, wish.value)
        return
    if kind == MODEL:
        register_trial(context, int(wish.value))
        return
    folder = context.paths.root / kind.removeprefix(FOLDER)
    if folder.exists():
        context.store.upload(run_id, folder, json.loads(wish.value))
    else:
        context.remark(f"{folder} is gone, so it was not uploaded")
