"""Who holds a port, said so that a person can end it: the program, not one of its workers."""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path, PurePath

import psutil

from sweeper.server.addresses import urls
from sweeper.tracker.place import StorePlace, locate
from sweeper.tracker.quiet import without_password
from sweeper.tracker.ui_record import TOKEN_VARIABLE

__all__ = ["described"]

_STORE_VARIABLE = "_MLFLOW_SERVER_FILE_STORE"
"""MLflow's own, for the processes below ``mlflow ui``: the store, whatever its kind."""
_LINE = 120


def described(pid: int, place: StorePlace, host: str, port: int) -> str:
    """What listens as process ``pid`` on ``port``, and where that is a UI of ``place`` already."""
    try:
        process = psutil.Process(pid)
        text = _own(process) or _named(_topmost(process))
        return text + _same_store(process, place, host, port)
    except psutil.Error:
        return f"process {pid}"


def _own(process: psutil.Process) -> str | None:
    environment = _environment(process)
    if TOKEN_VARIABLE not in environment:
        return None
    store = without_password(environment.get("MLFLOW_BACKEND_STORE_URI", "?"))
    return f"the MLflow UI of {store}{_folder(process)} (`sweeper ui stop` there ends it)"


def _named(process: psutil.Process) -> str:
    with process.oneshot():
        command, user = shlex.join(process.cmdline()), process.username()
    shown = command if len(command) <= _LINE else f"{command[:_LINE]}..."
    return f"process {process.pid} of {user}{_folder(process)} ({shown})"


def _topmost(process: psutil.Process) -> psutil.Process:
    """The ``mlflow ui`` that this is a worker of, or itself: who ends a worker gets a new one."""
    chosen = process
    for ancestor in process.parents():
        if _is_mlflow(ancestor):
            chosen = ancestor
        elif chosen is not process:
            break
    return chosen


def _is_mlflow(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        words = (PurePath(word).name for word in process.cmdline())
        return any(word == "mlflow" or word.startswith("mlflow.server") for word in words)
    return False


def _same_store(process: psutil.Process, place: StorePlace, host: str, port: int) -> str:
    with contextlib.suppress(psutil.Error):
        uri = _environment(process).get(_STORE_VARIABLE)
        if uri and locate(uri, Path(process.cwd())).uri == place.uri:
            return f", which is the MLflow UI of this very store: open {urls(host, port)[0]}"
    return ""


def _environment(process: psutil.Process) -> dict[str, str]:
    with contextlib.suppress(psutil.Error):
        return process.environ()
    return {}


def _folder(process: psutil.Process) -> str:
    try:
        return f" in {process.cwd()}"
    except psutil.Error:
        return ""
