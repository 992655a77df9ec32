"""Waveforms kept on disk, ready to use, and mapped into the memory of all processes that want them.

An entry is a file of float32 samples and an index. Mapped pages are the machine's page cache: eight
trials on a node hold a data set once, and memory that is needed elsewhere can be taken from it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from sweeper.errors import DataError

__all__ = [
    "ENVIRONMENT",
    "KEPT_DAYS",
    "Facts",
    "Kept",
    "Writer",
    "folder",
    "locked",
    "opened",
    "samples_file",
]

ENVIRONMENT = "SWEEPER_CACHE"
"""The environment variable that names the folder; the default is ``~/.cache/sweeper``."""

KEPT_DAYS = 60
"""Entries that nobody has opened for so long are removed when a new one is made."""

_BYTES = 4  # of a float32
_DAY_SECONDS = 86400.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a recording once it has been read.

    Attributes:
        length: samples of its waveform, at the rate that was asked for.
        power: mean square of the waveform.
        digest: SHA-256 (hex) of the file.
        frames, sample_rate, channels: the file's own; ``sample_rate`` in Hz.
    """

    length: int
    power: float
    digest: str
    frames: int
    sample_rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry: the facts of its recordings and their float32 waveforms (time,), in one order."""

    facts: tuple[Facts, ...]
    waveforms: tuple[Tensor, ...]


def folder() -> Path:
    """Where the entries lie; DataError where there is no such place."""
    if chosen := os.environ.get(ENVIRONMENT):
        return Path(chosen).expanduser() / "audio"
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        return Path(cache).expanduser() / "sweeper" / "audio"
    except RuntimeError as error:
        raise DataError(
            f"there is no home folder to keep waveforms in ({error}); name a folder in the "
            f"environment variable {ENVIRONMENT}"
        ) from error


def samples_file(key: str) -> Path:
    """The file with the samples of the entry ``key``."""
    return folder() / f"{key}.f32"


def _index_file(key: str) -> Path:
    return folder() / f"{key}.json"


@contextmanager
def locked(key: str) -> Iterator[None]:
    """Only one process at a time makes the entry ``key``; the others wait and find it made."""
    with _told():
        file = _made(folder() / f"{key}.lock").open("w")
    with file:
        with _told():
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def opened(key: str) -> Kept | None:
    """The entry ``key``; None where there is none, or it is damaged.

    The waveforms are private mappings: who writes to them changes nobody else's.
    """
    try:
        facts = [Facts(*row) for row in json.loads(_index_file(key).read_text(encoding="utf-8"))]
        size = samples_file(key).stat().st_size
    except (OSError, ValueError, TypeError):
        return None
    ends = np.cumsum([f.length for f in facts]).tolist()
    if not ends or size != ends[-1] * _BYTES:
        return None
    samples = np.asarray(np.memmap(samples_file(key), dtype=np.float32, mode="c"))
    starts = [0, *ends[:-1]]
    with contextlib.suppress(OSError):  # of another user's entry the times cannot be set
        os.utime(_index_file(key))
    # a tensor for each recording, and not one cut up: a tensor is pickled with all of its memory
    parts = [torch.from_numpy(samples[a:b]) for a, b in zip(starts, ends, strict=True)]
    return Kept(tuple(facts), tuple(parts))


class Writer:
    """Makes the entry ``key``, which appears complete or not at all.

    Raises:
        DataError: the folder cannot be written, or is full.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._partial = samples_file(key).with_suffix(".part")
        with _told():
            self._file: BinaryIO = _made(self._partial).open("wb")

    def append(self, waveform: Tensor) -> None:
        """The next recording's waveform, float32 (time,)."""
        with _told():
            self._file.write(waveform.contiguous().numpy().data)

    def commit(self, facts: Sequence[Facts]) -> None:
        """Put the entry in its place; ``facts`` are those of the recordings, in their order."""
        with _told():
            self._file.close()
            index = _index_file(self._key)
            index.unlink(missing_ok=True)
            self._partial.replace(samples_file(self._key))
            new = index.with_suffix(".json.part")
            new.write_text(json.dumps([dataclasses.astuple(f) for f in facts]), encoding="utf-8")
            new.replace(index)
        with contextlib.suppress(OSError):  # another process may be at it
            _remove_forgotten()

    def discard(self) -> None:
        """Leave nothing behind that was not committed."""
        with contextlib.suppress(OSError):  # what could not be written cannot be flushed either
            self._file.close()
        with contextlib.suppress(OSError):
            self._partial.unlink()


def _remove_forgotten() -> None:
    oldest = time.time() - KEPT_DAYS * _DAY_SECONDS
    old = {path for path in folder().iterdir() if path.stat().st_mtime < oldest}
    for path in old:
        index = path.with_suffix(".json")
        if path.suffix == ".lock" or (
            path.suffix == ".f32" and index.exists() and index not in old
        ):
            continue
        path.unlink(missing_ok=True)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{folder()}: waveforms cannot be kept there ({error.strerror}); give it room and "
            f"rights, or name another folder in the environment variable {ENVIRONMENT}"
        ) from error
