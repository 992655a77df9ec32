"""Tables as files that appear whole."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sweeper.export.rows import Row
from sweeper.export.text import csv_text, json_text
from sweeper.ledger.files import put_in_place, told

__all__ = ["FORMATS", "write_tables"]


def _parquet(rows: Sequence[Row]) -> bytes:
    """Columns have the type of their values; one with several types is text."""
    import pandas as pd

    frame = pd.DataFrame(rows)
    for name in frame.columns:
        values = [row[name] for row in rows]
        if len({_kind(value) for value in values if value is not None}) > 1:
            frame[name] = [None if value is None else str(value) for value in values]
    buffer = io.BytesIO()
    frame.convert_dtypes().to_parquet(buffer, index=False)
    return buffer.getvalue()


def _kind(value: object) -> type:
    return float if type(value) is int else type(value)


FORMATS: Mapping[str, Callable[[Sequence[Row]], bytes]] = {
    "csv": lambda rows: csv_text(rows).encode(),
    "json": lambda rows: json_text(rows).encode(),
    "parquet": _parquet,
}
"""What writes each format; its name is the file's suffix."""


def write_tables(tables: Mapping[str, Sequence[Row]], suffix: str, folder: Path) -> list[Path]:
    """Write each table to ``folder/NAME.suffix``; an older file is replaced.

    Raises:
        LedgerError: the folder cannot be written.
    """
    written = []
    for name, rows in tables.items():
        path = folder / f"{name}.{suffix}"
        _write(path, FORMATS[suffix](rows))
        written.append(path)
    return written


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with told(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
    put_in_place(temporary, path)
