"""Rows as text; numbers keep every digit."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweeper.export.rows import Row

__all__ = ["csv_text", "json_text"]


def csv_text(rows: Sequence[Row], columns: Sequence[str] = ()) -> str:
    """With a header, that of the rows or, where there are none, ``columns``; None is empty."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(rows[0] if rows else columns)
    table.writerows([_plain(value) for value in row.values()] for row in rows)
    return text.getvalue()


def json_text(rows: Sequence[Row]) -> str:
    """An array of objects; what is not known is null."""
    plain = [{name: _plain(value) for name, value in row.items()} for row in rows]
    return json.dumps(plain, indent=1) + "\n"


def _plain(value: object) -> object:
    return value.isoformat("T", "milliseconds") if isinstance(value, datetime) else value
