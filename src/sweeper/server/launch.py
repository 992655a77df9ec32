"""Starting a server, and waiting until it is one."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from sweeper.errors import ServerError
from sweeper.server import ports
from sweeper.server.addresses import allowed_hosts, allowed_origins, urls
from sweeper.server.log import log_file, make_room, tail
from sweeper.server.processes import answer, end, is_ready, members
from sweeper.server.wanted import Wanted
from sweeper.tracker.place import StorePlace
from sweeper.tracker.ui_record import TOKEN_VARIABLE, UiRecord, read_record, record_file

__all__ = ["Launched", "forget", "launch", "wait_until_ready"]

_LOOK_SECONDS = 0.2
_GRACE_SECONDS = 5.0
_LAST_LINES = 15
_PROTECTED = "/ajax-api/2.0/mlflow/experiments/search?max_results=1"
_DEFAULTS = {
    # it serves language models' evaluations, with four more processes of 200 MB each
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # of MLflow's own imports: nothing that its user could act upon
    "PYTHONWARNINGS": "ignore:starlette.middleware.wsgi is deprecated",
}


@dataclass(frozen=True, slots=True)
class Launched:
    """A server that has been started; ``log_begin`` is where in the log it begins, in bytes."""

    record: UiRecord
    process: subprocess.Popen[bytes]
    log_begin: int


def launch(place: StorePlace, wanted: Wanted, port: int, variables: Mapping[str, str]) -> Launched:
    """Start the server in a session of its own, which no closed terminal ends, and write it down.

    Args:
        variables: for its environment.
    """
    token, since, log = secrets.token_hex(16), time.time(), log_file(place)
    make_room(log)
    with log.open("ab") as output:
        started = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since))
        output.write(f"-- {started} sweeper ui starts the server\n".encode())
        output.flush()
        begin = output.tell()
        process = subprocess.Popen(
            _command(wanted, port),
            cwd=place.folder,
            env=_environment(place, token) | dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    record = UiRecord(
        pid=process.pid,
        created=psutil.Process(process.pid).create_time(),
        token=token,
        since=since,
        host=wanted.listen_on,
        port=port,
        addresses=urls(wanted.listen_on, port),
        open_to_others=wanted.open_to_others,
        auth=bool(wanted.auth),
    )
    record.write(place)
    return Launched(record, process, begin)


def _command(wanted: Wanted, port: int) -> list[str]:
    host = wanted.listen_on
    command = [sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port)]
    command += ["--workers", str(wanted.workers)]
    command += ["--allowed-hosts", allowed_hosts(host, port, wanted.names)]
    if origins := allowed_origins(host, port, wanted.names):
        command += ["--cors-allowed-origins", origins]
    return [*command, "--app-name", "basic-auth"] if wanted.auth else command


def _environment(place: StorePlace, token: str) -> dict[str, str]:
    own = {
        # not among the arguments, which every user of the machine can read: it may hold a password
        "MLFLOW_BACKEND_STORE_URI": place.uri,
        # the server's folder is a user's project, whose modules must not stand in for others
        "PYTHONSAFEPATH": "1",
        TOKEN_VARIABLE: token,
    }
    inherited = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
    return _DEFAULTS | inherited | own


def wait_until_ready(place: StorePlace, launched: Launched, patience_seconds: float) -> None:
    """Return when the server answers; one that will not is ended.

    Raises:
        PortTaken: another program was faster.
        ServerError: it did not start; with the end of its log.
    """
    limit = time.monotonic() + patience_seconds
    try:
        while not is_ready(launched.record):
            if launched.process.poll() is not None:
                raise _failure(place, launched, "the server did not start")
            if time.monotonic() > limit:
                why = f"the server was not ready after {patience_seconds:.0f} s and was ended"
                raise _failure(place, launched, why)
            time.sleep(_LOOK_SECONDS)
        _check_the_door(launched.record)
    except BaseException:
        end(launched.record, _GRACE_SECONDS)
        forget(place, launched.record)
        raise


def _failure(place: StorePlace, launched: Launched, what: str) -> ServerError:
    record, own = launched.record, {process.pid for process in members(launched.record)}
    other = ports.listener(record.port)
    if other is not None and other not in own:
        return ports.taken(place, record.host, record.port)
    log = log_file(place)
    said = tail(log, _LAST_LINES, launched.log_begin).rstrip()
    return ServerError(f"{what}. The end of its log, {log}:\n{said}")


def _check_the_door(record: UiRecord) -> None:
    if record.auth and (status := answer(record, _PROTECTED, seconds=10.0)) != 401:
        raise ServerError(
            f"the server answered {status} to a request without a password, so it was ended; look "
            "for MLFLOW_ variables in the environment that turn its passwords off"
        )


def forget(place: StorePlace, record: UiRecord) -> None:
    """Remove the record, if it is still that of this server."""
    found = read_record(place)
    if found is not None and found.token == record.token:
        record_file(place).unlink(missing_ok=True)
