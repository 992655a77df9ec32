"""Free ports, and who holds the others."""

from __future__ import annotations

import errno
import socket

import psutil

from sweeper.errors import PortTaken, ServerError
from sweeper.server.holder import described
from sweeper.tracker.place import StorePlace

__all__ = ["DEFAULT_PORT", "choose_port", "listener", "taken"]

DEFAULT_PORT = 5000
_SEARCHED = 100


def choose_port(place: StorePlace, host: str, wanted: int | None, *, auto: bool) -> int:
    """The port ``wanted``, or the usual one; with ``auto`` the next free one from there.

    Args:
        place: the store whose UI shall listen there.

    Raises:
        PortTaken: it is taken; the message names its holder.
        ServerError: this user or this machine cannot listen there at all.
    """
    port = wanted or DEFAULT_PORT
    if _is_free(host, port):
        return port
    if auto and (free := _next_free(host, port)) is not None:
        return free
    raise taken(place, host, port)


def taken(place: StorePlace, host: str, port: int) -> PortTaken:
    """The error that names the holder of ``port`` and what to do."""
    free, pid = _next_free(host, port), listener(port)
    by = "a program that this user cannot see" if pid is None else described(pid, place, host, port)
    end = f"end it, or take another port: `--port {free}`, or `--port auto`"
    other = end if free else f"end it; the next {_SEARCHED} ports are taken too"
    return PortTaken(f"port {port} is taken by {by}; {other}", free)


def _next_free(host: str, port: int) -> int | None:
    ports = range(port + 1, min(port + _SEARCHED, 65535) + 1)
    return next((p for p in ports if _is_free(host, p)), None)


def _is_free(host: str, port: int) -> bool:
    family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as probe:
        # as the server does: connections that are just being closed are no hindrance
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise ServerError(_refusal(host, port, error)) from error
    return True


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EACCES:
        return f"this user may not listen on port {port}; take one from 1024 on, or `--port auto`"
    return f"cannot listen on {host}, port {port}: {error.strerror}"


def listener(port: int) -> int | None:
    """The pid of the program that listens on ``port``; None for nobody, or nobody that is shown."""
    try:
        found = {
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
        }
    except psutil.AccessDenied:  # not every system tells
        return None
    # those that came later have inherited it
    return min((pid for pid in found if pid is not None), default=None)
