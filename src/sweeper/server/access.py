"""The password of a server that others may reach: MLflow's basic-auth app."""

from __future__ import annotations

import importlib.util
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from sweeper.errors import ServerError
from sweeper.tracker.place import StorePlace, sqlite_uri

__all__ = ["USER", "Access", "check_installed", "grant", "password_file"]

USER = "admin"
_PASSWORD_BYTES = 18


@dataclass(frozen=True, slots=True)
class Access:
    """How people sign in.

    Attributes:
        variables: what the server needs in its environment.
        new_password: to be shown now; None where it was shown before.
    """

    variables: dict[str, str]
    new_password: str | None


def check_installed() -> None:
    """Raise `ServerError` where MLflow's basic-auth app lacks a package."""
    if importlib.util.find_spec("flask_wtf") is None:
        raise ServerError(
            "--auth needs the package Flask-WTF, which MLflow's basic-auth app is built on: `uv "
            "sync --extra auth`, or `pip install 'mlflow[auth]'`"
        )


def password_file(place: StorePlace) -> Path:
    return place.state / "auth" / "password"


def grant(place: StorePlace) -> Access:
    """What a server with passwords needs; made on the first call for a store, then kept.

    Users, their passwords (hashed) and what they may do stay in a database beside the store.
    """
    folder = password_file(place).parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    users, password = folder / "users.db", password_file(place)
    # with users there is a password already, even if somebody has removed the file
    new = None if users.exists() else secrets.token_urlsafe(_PASSWORD_BYTES)
    if new is not None and password.exists():  # killed before the server had made its users
        new = password.read_text(encoding="utf-8").strip()
    elif new is not None:
        _write_private(password, f"{new}\n")
    variables = {
        "MLFLOW_AUTH_CONFIG_PATH": str(_write_private(folder / "config.ini", _config(users))),
        # signs the forms of this start only
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_hex(32),
    }
    if new is not None:
        variables["MLFLOW_AUTH_ADMIN_PASSWORD"] = new
    return Access(variables, new)


def _config(users: Path) -> str:
    uri = sqlite_uri(users).replace("%", "%%")  # for configparser
    # a password is hashed anew for each request, tens of milliseconds, unless it is remembered;
    # one that was changed may then work for that long
    return (
        "[mlflow]\n"
        "default_permission = READ\n"
        f"database_uri = {uri}\n"
        f"admin_username = {USER}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
        "auth_cache_ttl_seconds = 60\n"
    )


def _write_private(path: Path, text: str) -> Path:
    """Write a file that nobody else may read, not even for a moment."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path
