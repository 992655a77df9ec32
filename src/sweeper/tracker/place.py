"""Where an MLflow store is, found out without MLflow, whose import takes seconds."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sweeper.errors import TrackingError
from sweeper.tracker.quiet import without_password

__all__ = ["StorePlace", "locate", "refuse_impossible", "sqlite_file", "sqlite_uri"]

_SQLITE = "sqlite:///"
_HOST_AND_PORT = re.compile(r"[\w.-]+:\d+")
_ABSENT_SCHEMES = ("http", "https", "databricks", "databricks-uc", "uc")
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")


@dataclass(frozen=True, slots=True)
class StorePlace:
    """A store.

    Attributes:
        uri: its tracking URI, with absolute paths; may hold a password.
        folder: where its server works: that of its files; else where the sweeps began.
        path: its file or folder; None for a database server and for a tracking server.
        is_remote: a tracking server, which has a UI of its own.
    """

    uri: str
    folder: Path
    path: Path | None = None
    is_remote: bool = False

    @property
    def state(self) -> Path:
        """The folder of what `sweeper ui` keeps about its server of this store."""
        if self.path is not None:
            return self.path.with_name(f"{self.path.name}.ui")
        return self.folder / f"mlflow-{hashlib.sha256(self.uri.encode()).hexdigest()[:8]}.ui"


def locate(uri: str | None, folder: Path) -> StorePlace:
    """The store that MLflow means by ``uri`` in ``folder``; None or nothing is its default there.

    Args:
        folder: absolute; also where relative paths in ``uri`` start.
    """
    if not uri:
        return _default(folder)
    if (file := sqlite_file(uri)) is not None:
        file = folder / file
        query = uri.partition("?")[2]
        return StorePlace(sqlite_uri(file) + (f"?{query}" if query else ""), file.parent, file)
    scheme = urlsplit(uri).scheme
    if scheme in ("", "file"):
        path = folder / unquote(urlsplit(uri).path if scheme else uri)
        return StorePlace(path.as_uri(), path.parent, path)
    return StorePlace(uri, folder, is_remote=scheme in _ABSENT_SCHEMES)


def refuse_impossible(uri: str | None, folder: Path) -> None:
    """Make sure that there can be such a store; whether it answers is another matter.

    Args:
        uri, folder: as for `locate`.

    Raises:
        TrackingError: MLflow knows no such scheme, or the store's folder cannot be made.
    """
    try:
        place = locate(uri, folder)
        if place.path is None:
            _refuse_scheme(place.uri)
        elif not place.path.exists():
            _refuse_folder(place.path)
    except (ValueError, OSError) as error:  # without the URI, which may hold a password
        raise TrackingError(f"MLflow's tracking URI cannot be understood: {error}") from error


def _refuse_folder(path: Path) -> None:
    if _HOST_AND_PORT.fullmatch(path.name):
        raise TrackingError(f"the tracking URI {path.name} means a folder: write http:// before it")
    there = next(parent for parent in path.parents if parent.exists())
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        raise TrackingError(
            f"MLflow's store {path} cannot be made: {there} is not a folder that can be "
            "written. Set MLFLOW_TRACKING_URI to another"
        )


def _refuse_scheme(uri: str) -> None:
    scheme = urlsplit(uri).scheme.partition("+")[0]  # without the driver of a database
    plugins = {found.name for found in entry_points(group="mlflow.tracking_store")}
    if scheme not in {*_ABSENT_SCHEMES, *_DATABASES, *plugins}:
        raise TrackingError(
            f"MLflow knows no tracking URI {without_password(uri)!r}: it has to be "
            f"http://HOST:PORT, https://..., a folder, or a database ({', '.join(_DATABASES)})"
        )


def sqlite_file(uri: str) -> Path | None:
    """The file of a ``sqlite:///`` URI, relative if it is so there; None for other stores."""
    if not uri.startswith(_SQLITE) or ":memory:" in uri:
        return None
    return Path(unquote(uri.removeprefix(_SQLITE).partition("?")[0]))


def sqlite_uri(file: Path) -> str:
    """The URI of a database, with only that escaped which would mean something else.

    For each character that is escaped, such as a space or a Korean one in MLflow's own default,
    MLflow makes an empty folder of that spelling, since it takes the URI for a path.
    """
    return _SQLITE + str(file).replace("%", "%25").replace("?", "%3F")


def _default(folder: Path) -> StorePlace:
    """As `mlflow.get_tracking_uri`: an old file store, if it has an experiment, before SQLite."""
    old = folder / "mlruns"
    if any(found.parent.name.isdigit() for found in old.glob("*/meta.yaml")):
        return StorePlace(old.as_uri(), folder, old)
    file = folder / "mlflow.db"
    return StorePlace(sqlite_uri(file), folder, file)
