"""The mirror itself: ships the ledger's history to MLflow, in order, every event exactly once."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from sweeper.errors import TrackingError
from sweeper.ledger.paths import SweepPaths
from sweeper.tracker import artifacts, provenance
from sweeper.tracker.children import write_trials
from sweeper.tracker.context import Context
from sweeper.tracker.identity import SweepIdentity
from sweeper.tracker.links import run_path
from sweeper.tracker.parent import check_parent, dress_parent, open_parent, write_parent
from sweeper.tracker.provenance import Provenance
from sweeper.tracker.reconcile import reconcile
from sweeper.tracker.state import MirrorState
from sweeper.tracker.store import RunGoneError, Store, WriteRefusedError
from sweeper.tracker.tail import Chunk, count_lines, length, read_chunk
from sweeper.tracker.view import model_place, view_place
from sweeper.tracker.writes import plan

__all__ = ["Mirror"]


def _never() -> bool:
    return False


class Mirror:
    """Follows the history of one sweep; whoever makes one holds the sweep's lock.

    It can be abandoned at any point and made again: what MLflow may have got in the meantime is
    looked up before it is written. Its methods may be called from several threads.

    Args:
        directory: the sweep's folder.
        tracking_uri: where to; None is MLFLOW_TRACKING_URI, or else MLflow's own default.
        facts: commit, user and environment; None finds them out when they are first needed.
        connect: opens the tracking store.
        safe: how many bytes of the history may be shipped by now, where not all of them: another
            machine may have to go on with no more than those.

    Attributes:
        remarks: what a person should know that stops nothing.
    """

    def __init__(
        self,
        directory: Path,
        sweep: SweepIdentity,
        tracking_uri: str | None = None,
        *,
        facts: Provenance | None = None,
        connect: Callable[[str | None], Store] = Store.connect,
        safe: Callable[[], int] | None = None,
    ) -> None:
        self._sweep = sweep
        self._paths = SweepPaths(directory)
        self._uri = tracking_uri
        self._facts = facts
        self._connect = connect
        self._safe = safe
        self._state = MirrorState(self._paths.mirror)
        self._context: Context | None = None
        self._dressed = False
        self._ended: set[int] = set()
        self._lock = threading.RLock()
        self.remarks: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def parent_run_id(self) -> str | None:
        """The parent run, once it has been opened."""
        return self._state.target.run_id if self._state.target else None

    @property
    def experiment_id(self) -> str | None:
        return self._state.target.experiment_id if self._state.target else None

    @property
    def parent_url(self) -> str | None:
        """Where a browser finds the parent run; None before it is open and without a server."""
        if self._context is None:
            return None
        target = self._context.target
        return self._context.store.run_url(target.experiment_id, target.run_id)

    @property
    def connected(self) -> bool:
        """Whether MLflow has answered by now: the parent run is open."""
        return self._context is not None

    @property
    def behind(self) -> int:
        """How many events are not in MLflow yet."""
        return count_lines(self._paths.history, self._state.offset)

    @property
    def owed(self) -> int:
        """How many uploads are still to be made: trials' artifacts and wishes for the parent."""
        return len(self._state.owed) + len(self._state.wishes)

    @property
    def sweep(self) -> SweepIdentity:
        return self._sweep

    @property
    def paths(self) -> SweepPaths:
        return self._paths

    @property
    def view_place(self) -> str | None:
        """Where the charts of all trials are, as seen from another page of the UI."""
        target = self._state.target
        return view_place(target.experiment_id, self._sweep) if target else None

    @property
    def model_place(self) -> str | None:
        """Where the registered model is, as seen from another page of the UI."""
        return model_place(self._sweep.name) if self._state.target else None

    def artifact_place(self, name: str) -> str | None:
        """Where an artifact of the parent run is, as seen from another page of the UI."""
        target = self._state.target
        return run_path(target.experiment_id, target.run_id, name) if target else None

    def run_place(self, trial: int) -> str | None:
        """Where the trial's run is, as seen from another page of the UI; None without one."""
        target, run_id = self._state.target, self._state.runs.get(trial)
        return run_path(target.experiment_id, run_id) if target and run_id else None

    def run_id(self, trial: int) -> str | None:
        """The trial's run, or None where it has none."""
        return self._state.runs.get(trial)

    def open(self) -> None:
        """Connect and open the parent run. `sync` does so by itself.

        Raises:
            TrackingError: MLflow cannot be reached, or the parent run or its experiment has been
                deleted.
        """
        with self._lock:
            self._opened()

    def sync(self, stop: Callable[[], bool] = _never) -> None:
        """Ship every event that is in the history by now.

        What comes in meanwhile waits for the next call: shipped at once it would go in ever smaller
        pieces, and each piece of a trial costs MLflow as much as a whole one.

        Args:
            stop: asked between batches whether to leave the rest for the next time.

        Raises:
            TrackingError: MLflow cannot be reached or fails; the mirror keeps its place.
        """
        with self._lock:
            context = self._opened()
            end = self._end()
            try:
                while not stop() and (chunk := self._next(end)).events:
                    self._ship(context, chunk)
            except RunGoneError as error:
                raise self._lost(context) from error

    def settle(self, stop: Callable[[], bool] = _never) -> None:
        """Upload what is owed: artifacts of ended trials, the parent's description and files.

        Raises:
            TrackingError: some of it failed and is owed still.
        """
        with self._lock:
            context = self._opened()
            try:
                if not self._dressed:
                    self._dress(context)
                artifacts.settle(context, stop)
            except RunGoneError as error:
                raise self._lost(context) from error

    def finish(self) -> None:
        """At the end of a session: files that came late, runs that MLflow wrongly shows running.

        Raises:
            TrackingError: MLflow cannot be reached or fails.
        """
        with self._lock:
            context = self._opened()
            self._state.owe(artifacts.late_trials(context, self._ended))
            self.settle()
            reconcile(context)

    def set_description(self, markdown: str) -> None:
        """Show ``markdown`` at the top of the parent run's page, from the next `settle` on."""
        self._state.wish(artifacts.DESCRIPTION, markdown)

    def show_description(self, markdown: str) -> None:
        """Show ``markdown`` there at once, and forget it where that fails.

        Raises:
            TrackingError: MLflow cannot be reached or fails.
        """
        with self._lock:
            context = self._opened()
            try:
                artifacts.describe(context, markdown)
            except RunGoneError as error:
                raise self._lost(context) from error
            except WriteRefusedError as error:
                context.remark(f"MLflow refused the description of the parent run: {error}")

    def log_parent_artifacts(self, folder: Path, below: str | None = None) -> None:
        """Upload all that is in ``folder``, below ``below``, at the next `settle`."""
        # relative, so that the sweep's folder may be moved in the meantime
        place = os.path.relpath(folder, self._paths.root)
        self._state.wish(f"{artifacts.FOLDER}{place}", json.dumps(below))

    def register_model(self, trial: int) -> None:
        """Make the trial's model the sweep's champion in MLflow's registry, at the next `settle`.

        The trial has an ``artifacts/best.ckpt`` of the enhancement task.
        """
        self._state.wish(artifacts.MODEL, str(trial))

    def rewind(self) -> None:
        """Compare everything with MLflow at the next `sync`, and write what it lacks."""
        with self._lock:
            self._state.rewind()

    def close(self) -> None:
        """Let go of the files; nothing is shipped, and a call that still runs is cut short."""
        self._state.close()

    def _opened(self) -> Context:
        if self._context is None:
            self._facts = self._facts or provenance.collect()
            store = self._connect(self._uri)
            context = Context(
                self._sweep, self._paths, self._facts, store, self._state, self.remarks.append
            )
            open_parent(context)
            reconcile(context)
            self._context = context
        return self._context

    def _dress(self, context: Context) -> None:
        try:
            dress_parent(context)
        except WriteRefusedError as error:
            context.remark(f"MLflow refused a part of the parent run: {error}")
        self._dressed = True

    def _lost(self, context: Context) -> TrackingError:
        """The parent run is gone; the next attempt looks for it and else begins anew."""
        self._context, self._dressed = None, False
        with suppress(RunGoneError):
            check_parent(context)
        return TrackingError(f"{context.store.uri} does not have the sweep's runs any more")

    def _end(self) -> int:
        """Up to where to ship."""
        end = length(self._paths.history)
        if end < self._state.offset:
            self._state.rewind()  # an older history was put back
        return end if self._safe is None else min(end, self._safe())

    def _next(self, end: int) -> Chunk:
        state = self._state
        if end <= state.offset:
            return Chunk((), state.offset)
        return read_chunk(self._paths.history, state.offset, state.begun if state.unsure else end)

    def _ship(self, context: Context, chunk: Chunk) -> None:
        state, sure = self._state, not self._state.unsure
        batch = plan(self._sweep, self._paths, state.tally, chunk.events)
        state.begin(chunk.end)
        write_trials(context, batch.trials, sure=sure)
        write_parent(context, batch.parent, sure=sure)
        ended = {n for n, w in batch.trials.items() if w.ended} - state.dropped
        state.done(chunk.end, batch.tally, ended)
        self._ended |= ended
