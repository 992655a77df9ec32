"""Where a recording lies: a file, or a member of a zip archive as it was downloaded."""

from __future__ import annotations

import threading
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sweeper.errors import DataError

__all__ = ["Member", "Source", "members", "read_bytes", "stamp"]

_local = threading.local()  # a ZipFile is not for several threads


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """A file in the zip ``archive``, by its name there."""

    archive: Path
    name: str

    def __str__(self) -> str:
        return f"{self.archive}/{self.name}"


Source = Path | Member


def members(archive: Path) -> list[PurePosixPath]:
    """The names of the files in a zip archive.

    Raises:
        DataError: it is no archive, or an incomplete one.
    """
    return [PurePosixPath(i.filename) for i in _open(archive).infolist() if not i.is_dir()]


def read_bytes(source: Source) -> bytes:
    """The content; a member of an archive is checked against its CRC-32.

    Raises:
        DataError: it cannot be had.
    """
    if isinstance(source, Member):
        return _read_member(source)
    try:
        return source.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{source}: no such file; check the path and its root folder") from error
    except OSError as error:
        raise DataError(f"{source}: cannot be read ({error.strerror}); check its rights") from error


def stamp(source: Source) -> tuple[str, int, int]:
    """Name, size in bytes and time of change (a member's: CRC-32), without reading the content.

    What is not there has the size -1.
    """
    try:
        if isinstance(source, Member):
            info = _open(source.archive).getinfo(source.name)
            return str(source.archive.resolve() / source.name), info.file_size, info.CRC
        found = source.stat()
        return str(source.absolute()), found.st_size, found.st_mtime_ns
    except (OSError, KeyError, DataError):
        return str(source), -1, 0


def _read_member(member: Member) -> bytes:
    try:
        return _open(member.archive).read(member.name)
    except KeyError as error:
        raise DataError(f"{member}: there is no such file in the archive") from error
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DataError(
            f"{member}: the archive is damaged there ({error}); download it again"
        ) from error


def _open(archive: Path) -> zipfile.ZipFile:
    """The archive, kept open in this thread until it changes on disk."""
    opened: dict[Path, tuple[int, zipfile.ZipFile]] = _local.__dict__.setdefault("opened", {})
    try:
        changed = archive.stat().st_mtime_ns
        known = opened.get(archive)
        if known is None or known[0] != changed:
            opened[archive] = known = (changed, zipfile.ZipFile(archive))
        return known[1]
    except FileNotFoundError as error:
        raise DataError(f"{archive}: no such file; check the path and its root folder") from error
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{archive}: cannot be read as a zip archive ({error}); `sweeper data fetch` goes on "
            "with a download that was cut short"
        ) from error
