"""Files from a server: what was cut short goes on, and what is wrong is not kept."""

from __future__ import annotations

import errno
import hashlib
import http.client
import re
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeper.errors import DataError

__all__ = ["Remote", "checksum_of", "download", "partial", "remote", "verify"]

_BLOCK = 2**20
_TIMEOUT_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 30.0
_PART, _NOTHING_LEFT = 206, 416
_NO_HEAD = (405, 501)  # servers that answer GET alone
_OWN_FAULTS = {errno.EACCES, errno.EDQUOT, errno.EFBIG, errno.ENOSPC, errno.EROFS}
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256"}  # by their digits


@dataclass(frozen=True, slots=True)
class Remote:
    """A file on a server.

    Attributes:
        size: in bytes, None where the server does not say.
        version: its ETag or time of change, empty where the server does not say.
    """

    url: str
    size: int | None
    version: str


def remote(url: str) -> Remote:
    """Ask the server about ``url``.

    Raises:
        DataError: it is not there, or the server cannot be reached.
    """
    try:
        with _open(url, {}, method="HEAD") as response:
            return Remote(url, _size(response), _version(response))
    except urllib.error.HTTPError as error:
        if error.code in _NO_HEAD:
            return Remote(url, None, "")
        raise DataError(f"{url}: {_reason(error)}; check the address") from error
    except (OSError, http.client.HTTPException) as error:
        raise DataError(f"{url}: {_reason(error)}; check the address and the network") from error


def partial(target: Path) -> Path:
    """Where ``target`` is, as long as it is not complete."""
    return target.with_name(f"{target.name}.part")


def download(
    url: str,
    target: Path,
    progress: Callable[[int], None] = lambda _: None,
    *,
    attempts: int = 6,
    pause_seconds: float = 1.0,
) -> None:
    """Write what is at ``url`` to ``target``, which appears complete or not at all.

    What an earlier call left is gone on with, where the server has the same file and gives parts
    of it (HTTP ranges); else it begins anew.

    Args:
        progress: called with the bytes there are so far.
        attempts: how often in a row the connection may break without a single byte more.
        pause_seconds: before the next attempt, doubled each time.

    Raises:
        DataError: the server refuses, or cannot be reached any more.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part, failures = partial(target), 0
    while True:
        before = _length(part)
        try:
            _go_on(url, part, progress)
            break
        except urllib.error.HTTPError as error:
            if 400 <= error.code < 500 and error.code not in (408, 429):
                raise DataError(f"{url}: {_reason(error)}; check the address") from error
            reason = _reason(error)
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, OSError) and error.errno in _OWN_FAULTS:
                raise DataError(f"{part}: cannot be written ({error.strerror})") from error
            reason = _reason(error)
        failures = 0 if _length(part) > before else failures + 1
        if failures >= attempts:
            raise DataError(
                f"{url}: {reason}; {_length(part):,} bytes are kept in {part}, and the same "
                "command goes on from there"
            )
        time.sleep(min(_LONGEST_PAUSE_SECONDS, pause_seconds * 2**failures))
    part.replace(target)
    _version_file(part).unlink(missing_ok=True)


def _go_on(url: str, part: Path, progress: Callable[[int], None]) -> None:
    """Get what is missing; an OSError where the connection ends too early."""
    there, version = _length(part), _known_version(part)
    headers = {"Range": f"bytes={there}-", "If-Range": version} if there and version else {}
    try:
        response = _open(url, headers)
    except urllib.error.HTTPError as error:
        if error.code != _NOTHING_LEFT:
            raise
        error.close()
        _refuse_surplus(part, error.headers.get("Content-Range", ""))
        return
    with response:
        _version_file(part).write_text(_version(response), encoding="utf-8")
        _receive(response, part, progress)


def _refuse_surplus(part: Path, told: str) -> None:
    """There is nothing to send after what is there: that is all of it, or not of this file."""
    if told.rpartition("/")[2] != str(_length(part)):
        part.unlink()
        raise ConnectionError("what was there does not fit")


def _receive(response: Any, part: Path, progress: Callable[[int], None]) -> None:
    begin, size = _start(response), _size(response)
    with part.open("r+b" if begin else "wb") as file:
        if begin:
            file.seek(begin)
            file.truncate()
        while block := response.read(_BLOCK):
            file.write(block)
            progress(file.tell())
        if size is not None and file.tell() < begin + size:
            raise ConnectionError("the connection was cut")


def _start(response: Any) -> int:
    """Where in the file the answer begins."""
    if response.status != _PART:
        return 0
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    if found is None:
        raise ConnectionError("the server says not which part it sends")
    return int(found[1])


def _open(url: str, headers: dict[str, str], method: str = "GET") -> Any:
    if not url.startswith(("http://", "https://")):
        raise DataError(f"{url}: must begin with http:// or https://")
    plain = {"Accept-Encoding": "identity", "User-Agent": "sweeper"}
    request = urllib.request.Request(url, headers={**plain, **headers}, method=method)
    return urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)


def _size(response: Any) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def _version(response: Any) -> str:
    """What `If-Range` takes: a strong ETag, else the time of change."""
    tag: str = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else str(response.headers.get("Last-Modified", ""))


def _version_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.version")


def _known_version(part: Path) -> str:
    try:
        return _version_file(part).read_text(encoding="utf-8")
    except OSError:
        return ""


def _length(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _reason(error: BaseException) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return f"cannot be reached ({error.reason})"
    return f"the download broke off ({error or type(error).__name__})"


def checksum_of(path: Path, algorithm: str = "sha256") -> str:
    """The checksum (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def verify(path: Path, expected: str | None) -> None:
    """Put a download aside that is not what it should be.

    Args:
        expected: MD5, SHA-1 or SHA-256 (hex); without it a zip archive is checked by the CRC-32 of
            each file in it.

    Raises:
        DataError: it was wrong; says what to do.
    """
    told = _wrong_checksum(path, expected) if expected else _damaged(path)
    if told:
        aside = path.replace(path.with_name(f"{path.name}.wrong"))
        raise DataError(f"{path}: {told}; it was put aside as {aside.name}, fetch it again")


def _wrong_checksum(path: Path, expected: str) -> str | None:
    algorithm = _ALGORITHMS.get(len(expected))
    if algorithm is None:
        raise DataError(f"{path}: {expected!r} is no checksum; give MD5, SHA-1 or SHA-256 (hex)")
    found = checksum_of(path, algorithm)
    if found == expected.lower():
        return None
    return f"has the {algorithm.upper()} {found}, and should have {expected.lower()}"


def _damaged(path: Path) -> str | None:
    if path.suffix != ".zip":
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
    except zipfile.BadZipFile as error:
        return f"is no complete zip archive ({error})"
    return f"is damaged at {bad}" if bad else None
