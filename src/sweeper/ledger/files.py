"""Writing that a crash cannot tear: whole files by rename, logs by appended lines."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from pydantic_core import from_json

from sweeper.errors import LedgerError

__all__ = [
    "MEND",
    "LineLog",
    "cut_torn_line",
    "entries",
    "put_in_place",
    "told",
    "write_atomically",
]

MEND = (
    "Put the file back from a backup; or, where the sweep has a copy of its ledger, move its "
    "folder away: `sweeper resume NAME --ledger ADDRESS` makes it anew"
)
"""What to do about a file that cannot be read."""
_BLOCK_BYTES = 1 << 20


@contextmanager
def told(path: Path, doing: str) -> Iterator[None]:
    """Turn the system's error into one that says what could not be done and what to do."""
    try:
        yield
    except OSError as error:
        raise LedgerError(
            f"cannot {doing} {path}: {error.strerror}. Nothing recorded before is lost; make the "
            "folder writable or free some disk space, then run `sweeper resume`."
        ) from error


def write_atomically(path: Path, text: str, *, private: bool = False) -> None:
    """Replace ``path`` by ``text``; after a crash it holds the old or the new text, whole.

    Args:
        private: only the user may read it.
    """
    with told(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        with temporary.open("w", encoding="utf-8") as file:
            if private:
                temporary.chmod(0o600)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        put_in_place(temporary, path)


def put_in_place(temporary: Path, path: Path) -> None:
    """Give a file that is on the disk its name; after a crash it has the old name or the new."""
    with told(path, "write"):
        temporary.replace(path)
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def cut_torn_line(path: Path) -> None:
    """Remove what a killed writer left after the last line end of ``path``, if anything."""
    if not path.exists():
        return
    with told(path, "repair"), path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        whole = _end_of_last_line(file, size)
        if whole < size:
            file.truncate(whole)
            os.fsync(file.fileno())


def _end_of_last_line(file: BinaryIO, size: int, block: int = 1 << 16) -> int:
    end = size
    while end > 0:
        start = max(0, end - block)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def entries(path: Path) -> Iterator[Any]:
    """What the whole lines of the log at ``path`` say; one still being written is left out.

    Raises:
        LedgerError: a line is damaged; the message says which.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        first = 1
        while lines := file.readlines(_BLOCK_BYTES):
            if not lines[-1].endswith(b"\n"):
                yield from _parsed(path, lines[:-1], first)
                return
            yield from _parsed(path, lines, first)
            first += len(lines)


def _parsed(path: Path, lines: list[bytes], first: int) -> list[Any]:
    """What the lines say, of which the first has the number ``first``.

    Read as one array, and by pydantic's parser, they take a quarter of the time that they take one
    by one. What that does not take is left to Python's own.
    """
    with suppress(ValueError):
        found: list[Any] = from_json(b"[" + b",".join(lines) + b"]")
        if len(found) == len(lines):
            return found
    return [_parsed_line(path, line, first + i) for i, line in enumerate(lines)]


def _parsed_line(path: Path, line: bytes, number: int) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise LedgerError(f"{path}:{number}: damaged line: {error}. {MEND}") from error


class LineLog:
    """An append-only file of JSON lines; unless told otherwise, each is on disk when it returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with told(path, "open"):
            path.parent.mkdir(parents=True, exist_ok=True)
            cut_torn_line(path)
            # unbuffered: what failed to be written is not tried again behind our back
            self._file = path.open("ab", buffering=0)
        self._on_disk = False  # who knows what an earlier process has left

    def append(self, *entries: Mapping[str, Any], sync: bool = True) -> None:
        """Append all ``entries`` or none.

        Args:
            sync: wait until they are on the disk; else they survive this process only.

        Raises:
            LedgerError: the disk refused; what was there before is as it was.
        """
        data = "".join(json.dumps(e, separators=(",", ":")) + "\n" for e in entries).encode()
        before = os.fstat(self._file.fileno()).st_size
        with told(self._path, "append to"):
            try:
                written = self._file.write(data)
                if written != len(data):
                    raise OSError(28, os.strerror(28))
                if sync:
                    os.fsync(self._file.fileno())
                self._on_disk = sync
            except OSError:
                os.ftruncate(self._file.fileno(), before)
                raise

    def sync(self) -> None:
        """Wait until all that was appended is on the disk."""
        if not self._on_disk:
            with told(self._path, "write"):
                os.fsync(self._file.fileno())
            self._on_disk = True

    def close(self) -> None:
        self._file.close()
