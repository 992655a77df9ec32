"""Which files of a sweep its copy has, and up to where: always a state that the sweep was in."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from sweeper.ledger.files import told
from sweeper.ledger.paths import SweepPaths

__all__ = ["Cut", "Piece", "is_log", "lengths", "new_bytes", "read_whole", "take", "what_is_wrong"]

Cut = Mapping[str, int]
"""How many bytes of each log belong to it, by the log's name."""

_PIECE_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Piece:
    """Attributes:
    file: its name in the sweep's folder.
    start: the first byte.
    digest: SHA-256 of the bytes.
    """

    file: str
    start: int
    size: int
    digest: bytes

    @property
    def end(self) -> int:
        return self.start + self.size


def is_log(file: str) -> bool:
    """Whether the file only ever grows; others are replaced whole."""
    return file.endswith((".jsonl", ".journal"))


def take(paths: SweepPaths, generation: int) -> Cut:
    """The logs by now. For their only writer, between two of its writes.

    The history comes first: a study may be ahead of it, but not behind with a trial that it has.

    Args:
        generation: of the present study. A file of a later one is what a driver left that was
            killed while it made it; it is made anew.
    """
    logs = [paths.history, *map(paths.journal, range(generation + 1))]
    return {path.name: path.stat().st_size for path in logs if path.exists()}


def read_whole(paths: SweepPaths) -> dict[str, Path]:
    """The files that are no logs, by name. What MLflow has is not among them: the mirror looks."""
    single = [paths.manifest, paths.config, paths.warm_start, paths.note]
    found = [*single, *sorted(paths.root.glob("code/*.diff"))]
    return {str(path.relative_to(paths.root)): path for path in found if path.exists()}


def new_bytes(path: Path, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
    """The bytes from ``start`` to ``stop``, in pieces with their first byte, once they are on the
    disk: what a power cut could take away here must not be in the copy.
    """
    if start >= stop:
        return
    with told(path, "read"), path.open("rb") as file:
        os.fsync(file.fileno())
        file.seek(start)
        while start < stop and (data := file.read(min(_PIECE_BYTES, stop - start))):
            yield start, data
            start += len(data)


def lengths(pieces: Iterable[Piece]) -> dict[str, int]:
    """How far the copy has each log."""
    ends: dict[str, int] = {}
    for piece in pieces:
        if is_log(piece.file):
            ends[piece.file] = max(ends.get(piece.file, 0), piece.end)
    return ends


def what_is_wrong(root: Path, pieces: Iterable[Piece]) -> str:
    """Why the logs in ``root`` do not begin with what the copy has; empty where they do."""
    logs = sorted((p for p in pieces if is_log(p.file)), key=attrgetter("file", "start"))
    for file, its in groupby(logs, key=attrgetter("file")):
        if wrong := _compare(root / file, its):
            return wrong
    return ""


def _compare(path: Path, pieces: Iterable[Piece]) -> str:
    """The same of one log, whose ``pieces`` come in order."""
    size = path.stat().st_size if path.exists() else 0
    with told(path, "read"), path.open("rb") if size else BytesIO() as file:
        for piece in pieces:
            if size < piece.end:
                return f"{path.name} has {size} bytes here and at least {piece.end} there"
            file.seek(piece.start)
            if hashlib.sha256(file.read(piece.size)).digest() != piece.digest:
                return f"{path.name} is another one from byte {piece.start} on"
    return ""
