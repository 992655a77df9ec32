"""Lists of recordings: lines of a CSV file, paths that were written on another machine."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sweeper.errors import DataError

__all__ = ["SURPLUS", "Line", "Place", "from_json", "lines", "surplus"]

SURPLUS = "surplus values"
"""The key of values that no column of the header is for."""


class Line(NamedTuple):
    """A line of a CSV file: its number there, and its values by column."""

    number: int
    values: Mapping[str, str]


def lines(path: Path, columns: Sequence[str], advice: str = "") -> list[Line]:
    """All lines of a CSV file (UTF-8, with a header that has ``columns`` and maybe more).

    Raises:
        DataError: it cannot be read, or lacks a column; ``advice`` is put at the message's end.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restkey=SURPLUS, restval="")
            there = reader.fieldnames or ()
            found = [Line(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a CSV manifest ({error})") from error
    missing = [name for name in columns if name not in there]
    if missing:
        raise DataError(
            f"{path}: the header has no {', '.join(missing)}; it has {', '.join(there)}{advice}"
        )
    return found


def surplus(values: Mapping[str, str], columns: Sequence[str]) -> Iterator[str]:
    """What is wrong with the number of a line's values."""
    if SURPLUS in values:
        yield "has more values than the header; put values with commas in double quotes"
    for column in columns:
        if not values[column]:
            yield f"has no {column}"


def from_json(path: Path) -> Any:
    """The content of a JSON file; DataError where it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as JSON ({error})") from error


class Place:
    """Finds files by paths that hold elsewhere: the longest tail that lies below ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._left_out = 0  # parts of the last path that were not below the root

    def find(self, path: str) -> Path:
        """The file; where there is none, the path as it would be used."""
        given = Path(path)
        if (self._root / given).is_file():  # which an absolute path is on its own
            return self._root / given
        parts = given.parts[given.is_absolute() :]
        first = self._left_out
        for left_out in (first, *(n for n in range(len(parts)) if n != first)):
            tail = self._root.joinpath(*parts[left_out:])
            if left_out < len(parts) and tail.is_file():
                self._left_out = left_out
                return tail
        return self._root / given
