"""Whole runs in MLflow's SQLite store, many in one transaction.

MLflow's own calls write a run in six transactions with some twenty queries, which is most of what a
short trial costs the driver. What they write is rows of five tables. Here the same rows are written
at once: that of the run is its sibling's, which MLflow has written, with other values where runs
differ. A store with other columns than these is left to MLflow's calls, and so is every run with a
value that those would change or refuse.
"""

from __future__ import annotations

import math
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeper.tracker.names import tag_text
from sweeper.tracker.writes import Birth, Point, RunWrites, Status

__all__ = ["Made", "insert_runs", "is_plain"]

_TABLES = {
    "runs": (
        *("run_uuid", "name", "source_type", "source_name", "entry_point_name", "user_id"),
        *("status", "start_time", "end_time", "source_version", "lifecycle_stage", "artifact_uri"),
        *("experiment_id", "deleted_time"),
    ),
    "tags": ("run_uuid", "key", "value"),
    "params": ("run_uuid", "key", "value"),
    "metrics": ("run_uuid", "key", "value", "timestamp", "step", "is_nan"),
    "latest_metrics": ("run_uuid", "key", "value", "timestamp", "step", "is_nan"),
}
_WAIT_SECONDS = 20.0  # for another writer, as MLflow does
_INT64 = range(-(2**63), 2**63)

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A run that was written, and where its artifacts belong."""

    id: str
    artifact_uri: str


def is_plain(writes: RunWrites) -> bool:
    """Whether it makes a new run and each of its values is stored as it is."""
    return writes.birth is not None and all(map(_is_plain_point, writes.points))


def insert_runs(file: Path, sibling: str, runs: Sequence[RunWrites]) -> list[Made] | None:
    """Write plain new ``runs`` into the database ``file``, all or none.

    Args:
        sibling: id of a run of the same experiment, which MLflow has written.

    Returns:
        The runs, or None where MLflow itself must write them: then nothing is changed.

    Raises:
        sqlite3.OperationalError: the file cannot be written now.
    """
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", _WAIT_SECONDS, uri=True)) as store:
        store.execute("PRAGMA foreign_keys = ON")
        try:
            with store:
                store.execute("BEGIN IMMEDIATE")
                like = _row_of(store, sibling) if _is_known(store) else None
                return None if like is None else _insert(store, like, runs)
        except (sqlite3.IntegrityError, UnicodeError):
            return None


def _is_plain_point(point: Point) -> bool:
    stored = point.time in _INT64 and point.step in _INT64 and math.isfinite(point.value)
    return stored and point.time >= 0


def _is_known(store: sqlite3.Connection) -> bool:
    found = {
        table: {row[1] for row in store.execute(f"PRAGMA table_info({table})")} for table in _TABLES
    }
    return found == {table: set(columns) for table, columns in _TABLES.items()}


def _row_of(store: sqlite3.Connection, run_id: str) -> dict[str, Any] | None:
    """The row of an active run that has its artifacts below its id, as every run has by default."""
    columns = _TABLES["runs"]
    query = f"SELECT {', '.join(columns)} FROM runs WHERE run_uuid = ?"
    found = store.execute(query, (run_id,)).fetchone()
    row = dict(zip(columns, found, strict=True)) if found else {}
    usable = row.get("lifecycle_stage") == "active" and row["artifact_uri"].count(run_id) == 1
    return row if usable else None


def _insert(
    store: sqlite3.Connection, like: dict[str, Any], runs: Sequence[RunWrites]
) -> list[Made]:
    rows = [_run_row(like, run) for run in runs]
    ids = [row["run_uuid"] for row in rows]
    _fill(store, "runs", (tuple(row.values()) for row in rows))
    _fill(store, "tags", _below(ids, map(_tags, runs)))
    _fill(store, "params", _below(ids, (run.params.items() for run in runs)))
    _fill(store, "metrics", _below(ids, (map(_metric, dict.fromkeys(r.points)) for r in runs)))
    _fill(store, "latest_metrics", _below(ids, (map(_metric, _latest(run)) for run in runs)))
    return [Made(row["run_uuid"], row["artifact_uri"]) for row in rows]


def _fill(store: sqlite3.Connection, table: str, rows: Iterable[Row]) -> None:
    columns = _TABLES[table]
    places = ", ".join("?" * len(columns))
    store.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)


def _below(ids: Iterable[str], parts: Iterable[Iterable[Row]]) -> Iterator[Row]:
    """The rows of each run, which begin with its id."""
    return ((run_id, *row) for run_id, rows in zip(ids, parts, strict=True) for row in rows)


def _run_row(like: dict[str, Any], run: RunWrites) -> dict[str, Any]:
    run_id = uuid.uuid4().hex
    birth, status = run.birth or Birth("", 0), run.status or Status("RUNNING", 0)
    own = {
        "run_uuid": run_id,
        "name": birth.name,
        "user_id": run.tags.get("mlflow.user", "unknown"),
        "status": status.name,
        "start_time": birth.time,
        "end_time": None if status.name == "RUNNING" else status.time,
        "artifact_uri": like["artifact_uri"].replace(like["run_uuid"], run_id),
    }
    return {**like, **own}


def _tags(run: RunWrites) -> Iterator[Row]:
    tags = {**run.tags, "mlflow.runName": run.birth.name if run.birth else ""}
    return ((key, tag_text(value)) for key, value in tags.items())


def _metric(point: Point) -> Row:
    return point.key, point.value, point.time, point.step, False


def _latest(run: RunWrites) -> Iterable[Point]:
    """The last point of each metric, of those at the same step and time the highest."""
    ordered = sorted(run.points, key=lambda point: (point.step, point.time, point.value))
    return {point.key: point for point in ordered}.values()
