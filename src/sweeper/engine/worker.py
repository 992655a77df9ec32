"""The Ray actor that trains trials, one after another, in a warm process."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import ray
from ray import tune

from sweeper.config.yaml_core import dump
from sweeper.engine.cluster import Ground
from sweeper.engine.storage import Storage, Upload
from sweeper.engine.workers import sign_on
from sweeper.records import Trial
from sweeper.trial import STOP_NAME, Outcome, TrialRun, replace_text

__all__ = ["Worker"]

log = logging.getLogger("sweeper.trial")
_PATIENCE_SECONDS, _PAUSE_SECONDS = 600.0, 5.0
_TOLD = ("number", "seed", "epochs", "params")


class Worker(tune.Trainable):
    """Steps a `TrialRun`; each step's result carries a ``report`` or, at the end, an ``outcome``.

    Exceptions in a trial are outcomes; what reaches Ray as an error is a lost worker, or one that
    a crash or a full memory may have damaged: after its outcome it raises, so that it is replaced.
    Refusing `reset_config` would do no such thing, Ray drops the next trial then without a word.
    """

    _begun = 0  # trials

    def setup(self, config: dict[str, Any]) -> None:
        if self._begun < 2:
            # what was imported before the first trial and by it stays: no collection of garbage,
            # of which each trial ends with one, needs to look at it
            gc.freeze()
        self._begun += 1
        trial: Trial = config["trial"]
        ground: Ground = config["ground"]
        context = ray.get_runtime_context()
        if lacking := ground.lacking():
            raise RuntimeError(f"node {context.get_node_id()[:8]} {lacking}")
        folder = str(ground.folder)
        os.chdir(folder)
        if folder not in sys.path:
            sys.path.insert(0, folder)
        self._kept_in: Storage | None = config["storage"]
        if self._kept_in is not None:
            trial = self._own_folder(trial, self._kept_in)
        self._trial = trial
        self._run = TrialRun(trial)
        _write_config(trial)
        sign_on(trial.directory, context.get_node_id())
        self._keep()
        self._spoiled = False

    def _own_folder(self, trial: Trial, storage: Storage) -> Trial:
        """The trial with a folder of this node, which has what the last worker has kept."""
        folder = Path(tempfile.mkdtemp(prefix="trial-", dir=self.logdir))
        _patiently(lambda: storage.bring(trial.number, folder, *storage.names(trial.number)))
        self._upload = Upload(storage, trial.number, folder)
        return replace(trial, directory=folder)

    def step(self) -> dict[str, Any]:
        if self._spoiled:
            raise RuntimeError("the last trial may have damaged this worker; another takes over")
        self._fetch_stop()
        result = self._run.step()
        if isinstance(result, Outcome):
            self._run.close()
        self._keep()
        if isinstance(result, Outcome):
            self._spoiled = result.spoiled
            return {"outcome": result, "done": not result.spoiled}
        return {"report": result}

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take the next trial."""
        self.cleanup()
        self.setup(new_config)
        return True

    def get_auto_filled_metrics(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Nothing: Tune would send the whole configuration back with every report, and the host."""
        return {}

    def cleanup(self) -> None:
        self._run.close()
        if self._kept_in is not None:
            shutil.rmtree(self._trial.directory, ignore_errors=True)

    def _fetch_stop(self) -> None:
        """See whether the driver wants the trial to end."""
        if self._kept_in is not None:
            with _only_logged(self._kept_in):
                self._kept_in.bring(self._trial.number, self._trial.directory, STOP_NAME)

    def _keep(self) -> None:
        """Keep what is new; the training goes on without where the store does not answer."""
        if self._kept_in is not None:
            with _only_logged(self._kept_in):
                self._upload()


@contextmanager
def _only_logged(storage: Storage) -> Iterator[None]:
    try:
        yield
    except OSError:
        log.warning("%s does not answer", storage.uri, exc_info=True)


def _patiently(action: Callable[[], None]) -> None:
    """Try again and again for some minutes while there is an OSError."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            action()
            return
        except OSError:
            if time.monotonic() >= end:
                raise
            time.sleep(_PAUSE_SECONDS)


def _write_config(trial: Trial) -> None:
    """Leave what is trained beside the trial's log, for people; the ledger knows it anyway."""
    told = asdict(trial)
    text = dump({**{key: told[key] for key in _TOLD}, **told["config"]})
    replace_text(trial.directory / "config.yaml", text)
