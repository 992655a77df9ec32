"""The Ray actor that trains trials, one after another, in a warm process."""

from __future__ import annotations

import gc
import os
import sys
from dataclasses import asdict
from typing import Any

import ray
from ray import tune

from sweeper.config.yaml_core import dump
from sweeper.engine.cluster import Ground
from sweeper.engine.workers import sign_on
from sweeper.records import Trial
from sweeper.trial import Outcome, TrialRun

__all__ = ["Worker"]

_TOLD = ("number", "seed", "epochs", "params")


class Worker(tune.Trainable):
    """Steps a `TrialRun`; each step's result carries a ``report`` or, at the end, an ``outcome``.

    Exceptions in a trial are outcomes; what reaches Ray as an error is a lost worker, or one that
    a crash or a full memory may have damaged: after its outcome it raises, so that it is replaced.
    Refusing `reset_config` would do no such thing, Ray drops the next trial then without a word.
    """

    _warm = False

    def setup(self, config: dict[str, Any]) -> None:
        trial: Trial = config["trial"]
        ground: Ground = config["ground"]
        context = ray.get_runtime_context()
        if lacking := ground.lacking():
            raise RuntimeError(f"node {context.get_node_id()[:8]} {lacking}")
        folder = str(ground.folder)
        os.chdir(folder)
        if folder not in sys.path:
            sys.path.insert(0, folder)
        self._run = TrialRun(trial)
        _write_config(trial)
        sign_on(trial.directory, context.get_node_id())
        self._spoiled = False

    def step(self) -> dict[str, Any]:
        if self._spoiled:
            raise RuntimeError("the last trial may have damaged this worker; another takes over")
        result = self._run.step()
        if isinstance(result, Outcome):
            self._run.close()
            self._spoiled = result.spoiled
            return {"outcome": result, "done": not result.spoiled}
        return {"report": result}

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take the next trial."""
        self.cleanup()
        if not self._warm:
            # what the first trial imported stays: no later collection needs to look at it
            gc.freeze()
            self._warm = True
        self.setup(new_config)
        return True

    def cleanup(self) -> None:
        self._run.close()


def _write_config(trial: Trial) -> None:
    """Leave what is trained beside the trial's log, for people; the ledger knows it anyway."""
    told = asdict(trial)
    path = trial.directory / "config.yaml"
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    text = dump({**{key: told[key] for key in _TOLD}, **told["config"]})
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
