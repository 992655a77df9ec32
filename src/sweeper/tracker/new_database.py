"""MLflow's SQLite store, made whole or not at all.

MLflow makes its tables one after the other, for seconds. A process that is killed meanwhile leaves
a database that no MLflow opens any more ("table ... already exists").
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from sweeper.tracker.place import sqlite_file, sqlite_uri

__all__ = ["ensure"]


def ensure(uri: str) -> None:
    """Make the database of a ``sqlite:///`` URI where there is none; leave other stores alone."""
    path = sqlite_file(uri)
    if path is None or path.exists():
        return
    from mlflow.store.tracking import DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".mlflow-", dir=path.parent) as folder:
        made = Path(folder) / path.name
        make: Any = SqlAlchemyStore
        store = make(sqlite_uri(made), DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH)
        store.engine.dispose()
        # another process may have been faster
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(made)
