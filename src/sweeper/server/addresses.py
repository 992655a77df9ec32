"""What a server listens on, and the names under which browsers find it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Iterator

import psutil

from sweeper.errors import ServerError

__all__ = ["allowed_hosts", "allowed_origins", "is_loopback", "reachable_at", "urls"]

_LOOPBACK_HEADERS = ("localhost", "localhost:*", "127.0.0.1", "127.0.0.1:*", "[[]::1]:*")
"""Any port, since tunnels bring their own; brackets are escaped for `fnmatch`."""
_SOMEWHERE = ("192.0.2.1", 9)  # for documentation only (RFC 5737); nothing is sent there


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server on ``host``, a name or an address.

    Raises:
        ServerError: no such host.
    """
    return all(ipaddress.ip_address(address).is_loopback for address in _resolved(host))


def reachable_at(host: str) -> str:
    """The address at which this machine reaches a server on ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def urls(host: str, port: int) -> tuple[str, ...]:
    """Where a browser finds a server on ``host``, the best one first."""
    return tuple(f"http://{_bracketed(name)}:{port}" for name in _names(host))


def allowed_hosts(host: str, port: int, extra: Iterable[str]) -> str:
    """The Host headers that MLflow shall answer to, as its ``--allowed-hosts`` wants them.

    Its own default lets every name through that begins like a private address, such as
    ``10.example.com``, behind which a foreign page can reach the server (DNS rebinding).

    Args:
        extra: further names that people use, with or without a port.
    """
    own = [] if is_loopback(host) else [f"{_bracketed(name)}:{port}" for name in _names(host)]
    more = [header for name in extra for header in (name, f"{name}:*")]
    return ",".join([*_LOOPBACK_HEADERS, *own, *more])


def allowed_origins(host: str, port: int, extra: Iterable[str]) -> str:
    """The pages that may write, as MLflow's ``--cors-allowed-origins`` wants them: its own.

    It takes loopback for granted, but not the page that it serves under another name.
    """
    own = () if is_loopback(host) else urls(host, port)
    more = [f"{scheme}://{name}" for name in extra for scheme in ("http", "https")]
    return ",".join([*own, *more, *(f"{origin}:*" for origin in more)])


def _resolved(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ServerError(f"--host {host}: {error.strerror or 'no such host'}") from error
    return [str(address[0]) for *_, address in found]


def _names(host: str) -> list[str]:
    """Names and addresses of this machine that lead to a server on ``host``."""
    if is_loopback(host):
        return [host]
    if host not in ("0.0.0.0", "::"):
        return _unique([host, *_resolved(host), *_own_names()])
    return _unique([*_primary_address(), *_interface_addresses(v6=host == "::"), *_own_names()])


def _own_names() -> list[str]:
    return [name for name in (socket.gethostname(), socket.getfqdn()) if name != "localhost"]


def _primary_address() -> Iterator[str]:
    """The address that other machines most likely know."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_SOMEWHERE)
        except OSError:  # no network
            return
        yield str(probe.getsockname()[0])


def _interface_addresses(*, v6: bool) -> Iterator[str]:
    families = {socket.AF_INET, socket.AF_INET6} if v6 else {socket.AF_INET}
    for interface in psutil.net_if_addrs().values():
        for found in interface:
            if found.family in families and _is_known_outside(found.address):
                yield found.address


def _is_known_outside(address: str) -> bool:
    found = ipaddress.ip_address(address)
    return not (found.is_loopback or found.is_link_local)


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name
