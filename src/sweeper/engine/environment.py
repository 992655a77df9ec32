"""How Ray and its workers shall behave, said in the environment, which they read as they begin."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sweeper.training.heap import LARGE_PAGES

if TYPE_CHECKING:
    from ray.actor import ActorHandle
    from ray.tune.experiment import Trial as TuneTrial

__all__ = ["few_daemons", "prepare", "quick_tune"]

_ENVIRONMENT = {
    # under `uv run` Ray ships the working folder to every worker and builds the project anew there;
    # it is there already, on one machine as on a cluster whose nodes share folders or an image
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_COLOR_PREFIX": "0",  # its output goes to a file
    # the ledger keeps results and progress; Ray's own files and snapshots only cost time
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "inf",
    # no part of Tune is told of a metric, so it need not look for one in each report
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    # Ray keeps only as many idle workers as there are processors free, and Tune reserves those
    # before it asks for its workers: those that were started ahead shall live until then
    "RAY_idle_worker_killing_time_threshold_ms": "60000",
    # Lightning forks in none of Tune's workers (Tune's own setting, see `quick_tune`)
    "PL_DISABLE_FORK": "1",
    # a worker that does not go, for a thread that a task has left, must not keep its slot for long
    "TUNE_FORCE_TRIAL_CLEANUP_S": "30",
    **LARGE_PAGES,
}


def prepare() -> None:
    """Set what is not set already; to be called before Ray is imported."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from ray._private import utils

    # Ray's answer to SIGTERM is SystemExit at any point, within an import too, which would leave
    # its lock to other threads for ever; ours only asks for the end
    utils.set_sigterm_handler = lambda _: None


_UNUSED_DAEMONS = ("api_server", "log_monitor", "monitor")


@contextmanager
def few_daemons() -> Iterator[None]:
    """Let a node of Ray that is started meanwhile leave out what no sweep uses.

    Without a dashboard Ray still starts its server, and waits for it before anything else; the
    log monitor copies output that nobody reads, and the monitor is that of the autoscaler. Each
    is a Python of its own, with a second of imports, and Ray has no setting for them.
    """
    from ray._private.node import Node

    def leave_out(node: Node, **_: Any) -> None:
        node._webui_url = ""  # what it is where there is no dashboard

    with ExitStack() as changed:
        for daemon in _UNUSED_DAEMONS:
            changed.enter_context(_set(Node, f"start_{daemon}", leave_out))
        yield


@contextmanager
def quick_tune(*, here: bool) -> Iterator[None]:
    """Let Tune leave out what costs much and serves nobody.

    Snapshots of the experiment, with a file for the state of every trial, and the tables of its
    results in the end: the ledger has them. For Ray's statistics of its use, which are off, it
    imports MLflow to see whose callbacks there are. And for each trial it asks one of Ray's
    processes three times what class trains it, and the worker for its address, before all else.

    Args:
        here: the workers are on this machine, with all variables of this process. Tune asks for
            some of them, which makes those that Ray has started ahead others than it wants.
    """
    from ray.air._internal import usage
    from ray.tune import registry, tune
    from ray.tune.execution import class_cache
    from ray.tune.execution.tune_controller import TuneController
    from ray.tune.experiment import Trial

    with ExitStack() as changed:
        for owner, name, value in (
            (TuneController, "checkpoint", lambda *_, **__: None),
            (tune, "ExperimentAnalysis", lambda **_: SimpleNamespace(trials=[])),
            (usage, "tag_callbacks", lambda _: False),
            (Trial, "set_ray_actor", _take_worker),
            (registry._Registry, "contains", _remembered(registry._Registry.contains)),
            (registry._Registry, "get", _remembered(registry._Registry.get)),
        ):
            changed.enter_context(_set(owner, name, value))
        if here:
            changed.enter_context(_set(class_cache, "DEFAULT_ENV_VARS", {}))
            changed.enter_context(_set(class_cache, "ENV_VARS_TO_PROPAGATE", set()))
        yield


def _take_worker(trial: TuneTrial, worker: ActorHandle[Any] | None) -> None:
    trial.temporary_state.ray_actor = worker


def _remembered(lookup: Callable[..., Any]) -> Callable[..., Any]:
    """``lookup``, asked only until it has found what is wanted."""
    found: dict[tuple[Any, ...], Any] = {}

    def look(*wanted: Any) -> Any:
        if not (there := found.get(wanted)):
            there = found[wanted] = lookup(*wanted)
        return there

    return look


@contextmanager
def _set(owner: object, name: str, value: object) -> Iterator[None]:
    """Something inside of Ray otherwise for a while; a Ray without it stays as it is."""
    if not hasattr(owner, name):
        yield
        return
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
