"""Run what is left of a sweep on Ray Tune."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from sweeper.engine import environment
from sweeper.engine.cluster import Cluster, Ground
from sweeper.engine.conductor import Conductor, Ending
from sweeper.engine.runtime import ray_running
from sweeper.engine.warm import ask
from sweeper.errors import SweeperError
from sweeper.ledger.files import told

__all__ = ["run_trials"]

log = logging.getLogger(__name__)
_TICK_SECONDS = 0.2


def run_trials(conductor: Conductor, folder: str, tick: Callable[[], None]) -> None:
    """Train until the conductor has nothing left or is told to stop.

    Args:
        conductor: decides what runs.
        folder: working directory of the workers, and where a user's own modules are found.
        tick: called several times a second, also in a pause.
    """
    if conductor.files.storage:
        conductor.files.storage.check()
    conductor.settle_files()
    config = conductor.ledger.config
    if not config.resources.on_cluster:
        ask(config.task, conductor.slots.cpus_per_trial)
    with _obeying_signals(conductor):
        _round(conductor, folder, tick)
        while conductor.has_more:
            _wait(conductor, tick)
            if conductor.has_more:
                _round(conductor, folder, tick)


def _round(conductor: Conductor, folder: str, tick: Callable[[], None]) -> None:
    """Train until nothing is left or a pause has begun; Ray, and with it each GPU, is free then."""
    conductor.begin_round()

    def on_lost(what: str) -> None:
        if conductor.ending is not Ending.CANCELLED:
            conductor.cancel(f"{what}: running trials are left for `sweeper resume`")

    def on_stuck() -> None:
        # by another thread, but this one is deep inside of Ray and will not come back
        conductor.ledger.end_session(Ending.CANCELLED)

    paths = conductor.ledger.paths
    # Ray takes SIGTERM for itself when it starts, so our handlers come once more after it
    resources = conductor.ledger.config.resources
    with (
        _no_matter_if_cancelled(conductor),
        ray_running(conductor.slots, resources, paths, on_lost, on_stuck, _import_tune) as notes,
        _obeying_signals(conductor),
        _ground(conductor, folder) as ground,
    ):
        cluster = Cluster(conductor, ground) if resources.on_cluster else None
        if cluster:
            cluster.admit()

        def on_step() -> None:
            notes.tick()
            if cluster:
                cluster.tick()
            tick()

        if conductor.ending is None or conductor.has_more:
            _fit(conductor, ground, notes.scratch, on_step)


@contextmanager
def _ground(conductor: Conductor, folder: str) -> Iterator[Ground]:
    """What a node must have; on this machine alone there is nothing to find out."""
    if conductor.files.storage or not conductor.ledger.config.resources.on_cluster:
        yield Ground(Path(folder), None)
        return
    root = conductor.ledger.paths.root
    with told(root, "write to"):
        descriptor, name = tempfile.mkstemp(dir=root, prefix=".seen-")
        os.close(descriptor)
    try:
        yield Ground(Path(folder), Path(name))
    finally:
        Path(name).unlink(missing_ok=True)


def _wait(conductor: Conductor, tick: Callable[[], None]) -> None:
    """Stay, with the sweep's lock, until the pause is over or the session shall end."""
    by = conductor.pausing
    if not by:
        return  # it was called off while the last trials left
    conductor.ledger.pause(by)
    while conductor.pausing:
        tick()
        time.sleep(_TICK_SECONDS)
    if conductor.has_more:
        conductor.ledger.go()


def _import_tune() -> None:
    importlib.import_module("sweeper.engine.adapters")
    importlib.import_module("sweeper.engine.worker")


def _fit(conductor: Conductor, ground: Ground, scratch: Path, tick: Callable[[], None]) -> None:
    from ray import tune

    from sweeper.engine.adapters import (
        LedgerCallback,
        LedgerScheduler,
        LedgerSearcher,
        LedgerStopper,
    )
    from sweeper.engine.worker import Worker

    slots, resources = conductor.slots, conductor.ledger.config.resources
    # without a cluster Ray counts workers, not processors: only the conductor's trials are there
    cpus = slots.cpus_per_trial if resources.on_cluster else 1
    trainable = tune.with_resources(Worker, {"cpu": cpus, "gpu": slots.gpus_per_trial})
    tuner = tune.Tuner(
        trainable,
        param_space={"ground": ground, "storage": conductor.files.storage},
        tune_config=tune.TuneConfig(
            search_alg=LedgerSearcher(conductor),
            scheduler=LedgerScheduler(),  # type: ignore[no-untyped-call]
            num_samples=-1,
            reuse_actors=True,
            metric=None,
        ),
        run_config=tune.RunConfig(
            name="sweep",
            storage_path=str(scratch / "tune"),
            stop=LedgerStopper(conductor),
            callbacks=[LedgerCallback(conductor, tick)],
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            failure_config=tune.FailureConfig(max_failures=resources.max_retries),
            verbose=0,
        ),
    )
    # Ray, Optuna and the search so far stay: no collection of garbage, for which all trials would
    # have to wait, needs to look at them
    gc.freeze()
    with environment.quick_tune(here=not resources.on_cluster):
        tuner.fit()


@contextmanager
def _no_matter_if_cancelled(conductor: Conductor) -> Iterator[None]:
    """What Ray raises when its processes were ended with the session is only logged."""
    try:
        yield
    except SweeperError:
        raise
    except Exception:
        if conductor.ending is not Ending.CANCELLED:
            raise
        log.warning("Ray fell while the session was ended", exc_info=True)


@contextmanager
def _obeying_signals(conductor: Conductor) -> Iterator[None]:
    """First Ctrl-C: finish the running trials. Second, or a SIGTERM or SIGHUP: leave them.

    SIGHUP is what a closed terminal or a lost ssh connection sends.
    """

    def on_interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if conductor.ending is None:
            conductor.stop("Ctrl-C")
        else:
            conductor.cancel("Ctrl-C again: running trials are left for `sweeper resume`")

    def on_terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        name = signal.Signals(number).name
        conductor.cancel(f"{name}: running trials are left for `sweeper resume`")

    handlers = {signal.SIGINT: on_interrupt, signal.SIGTERM: on_terminate}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup wants it
        handlers[signal.SIGHUP] = on_terminate
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    except SystemExit:  # Ray's own answer to SIGTERM, should it find another way to give it
        on_terminate(signal.SIGTERM, None)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
