"""What a user asks of a server."""

from __future__ import annotations

from dataclasses import dataclass

from sweeper.errors import ServerError
from sweeper.server.access import check_installed
from sweeper.server.addresses import is_loopback
from sweeper.tracker.ui_record import UiRecord

__all__ = ["Wanted"]

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Attributes:
    host: what it shall listen on; None for this machine only.
    port: None for the usual one.
    auto_port: take the next free port where that one is taken.
    auth: whether it shall ask for a password; None where the user has not said.
    names: further names under which people open it.
    workers: processes that answer.
    patience_seconds: how long it may take to start.
    """

    host: str | None = None
    port: int | None = None
    auto_port: bool = False
    auth: bool | None = None
    names: tuple[str, ...] = ()
    workers: int = 2
    patience_seconds: float = 120.0

    @property
    def listen_on(self) -> str:
        return self.host or _LOOPBACK

    @property
    def open_to_others(self) -> bool:
        return not is_loopback(self.listen_on)

    def check(self) -> None:
        """Raise `ServerError` for what must not or cannot be started."""
        if self.open_to_others and self.auth is None:
            raise ServerError(
                f"on --host {self.host} every machine that reaches this one could read, change and "
                "delete all experiments: add --auth, and MLflow asks for a password, or --no-auth "
                "where the network itself keeps strangers out"
            )
        if self.auth:
            check_installed()

    def difference(self, running: UiRecord) -> str:
        """What of this the running server does not do; nothing if it will do as it is."""
        if self.host is not None and self.open_to_others and not running.open_to_others:
            return "is open to this machine only"
        if self.auth is not None and self.auth != running.auth:
            return "asks for no password" if self.auth else "asks for a password"
        if self.port is not None and self.port != running.port and not self.auto_port:
            return f"is on port {running.port}"
        return ""
