"""How Ray and its workers shall behave, said in the environment, which they read as they begin."""

from __future__ import annotations

import os

from sweeper.training.heap import LARGE_PAGES

__all__ = ["prepare"]

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
