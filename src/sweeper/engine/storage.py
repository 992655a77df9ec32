"""Trials' files in an object store, where the nodes of a cluster share no folder.

A worker trains in a folder of its own and keeps what is new there in the store after each epoch;
another worker goes on from that. The driver brings a trial's files to the sweep's folder when the
trial has ended, so that all that reads a sweep finds them where they always are.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeper.errors import SweeperError

if TYPE_CHECKING:
    from sweeper.config import SweepConfig

__all__ = ["Storage", "Upload"]

_NOT_KEPT = "previous.ckpt"
"""The last checkpoint but one is for a torn file; an object is there whole or not at all."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Where the files of a sweep's trials are kept.

    Attributes:
        uri: ``s3://bucket/prefix``, and after a ``?`` options of Arrow's S3 file system.
        sweep: its name.
    """

    uri: str
    sweep: str

    @classmethod
    def of(cls, config: SweepConfig) -> Storage | None:
        """The storage that the configuration names, None where it names none."""
        uri = config.resources.storage
        return None if uri is None else cls(uri, config.name)

    def check(self) -> None:
        """Write an object, and remove it again.

        Raises:
            SweeperError: that fails.
        """
        files, root = self._root()
        path = f"{root}/.sweeper"
        try:
            with files.open_output_stream(path) as stream:
                stream.write(b"sweeper")
            files.delete_file(path)
        except OSError as error:
            raise SweeperError(
                f"cannot write to {self.uri}: {error}. Credentials are those of the environment "
                "(AWS_ACCESS_KEY_ID or a role); the bucket must exist"
            ) from error

    def bring(self, number: int, folder: Path, *names: str) -> None:
        """Copy those of the trial's files ``names`` that there are to ``folder``.

        Raises:
            OSError: the store does not answer, or the folder cannot be written.
        """
        import pyarrow.fs  # type: ignore[import-untyped]

        files, base = self._trial(number)
        for name in names:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = target.with_name(f".{target.name}.{os.getpid()}")
            try:
                pyarrow.fs.copy_files(f"{base}/{name}", str(temporary), files)
            except FileNotFoundError:
                continue
            temporary.replace(target)

    def keep(self, number: int, folder: Path, name: str) -> None:
        """Put the file ``name`` of ``folder`` among those of the trial; it is there whole or not.

        Raises:
            OSError: the store does not answer.
        """
        import pyarrow.fs

        files, base = self._trial(number)
        source = str(folder / name)
        pyarrow.fs.copy_files(source, f"{base}/{name}", destination_filesystem=files)

    def results(self, number: int) -> list[str]:
        """Names of the trial's files but for its checkpoints.

        Raises:
            OSError: the store does not answer.
        """
        return [name for name in self.names(number) if not _is_checkpoint(name)]

    def discard_checkpoints(self, number: int) -> None:
        """Free what only an unfinished trial needs.

        Raises:
            OSError: the store does not answer.
        """
        self.remove(number, _is_checkpoint)

    def remove(self, number: int, goes: Callable[[str], bool]) -> None:
        """Remove those of the trial's files whose names ``goes`` says so of.

        Raises:
            OSError: the store does not answer.
        """
        files, base = self._trial(number)
        for name in self.names(number):
            if goes(name):
                files.delete_file(f"{base}/{name}")

    def trials(self) -> list[int]:
        """Numbers of the trials that have files.

        Raises:
            OSError: the store does not answer.
        """
        import pyarrow.fs

        files, root = self._root()
        selector = pyarrow.fs.FileSelector(f"{root}/{self.sweep}/trials", allow_not_found=True)
        found = [info.base_name for info in files.get_file_info(selector)]
        return sorted(int(name) for name in found if name.isdigit())

    def names(self, number: int) -> list[str]:
        """The trial's files, relative to its folder.

        Raises:
            OSError: the store does not answer.
        """
        import pyarrow.fs

        files, base = self._trial(number)
        selector = pyarrow.fs.FileSelector(base, allow_not_found=True, recursive=True)
        return [
            found.path[len(base) + 1 :] for found in files.get_file_info(selector) if found.is_file
        ]

    def _trial(self, number: int) -> tuple[Any, str]:
        files, root = self._root()
        return files, f"{root}/{self.sweep}/trials/{number:04d}"

    def _root(self) -> tuple[Any, str]:
        try:
            return _opened(self.uri)
        except (OSError, ValueError) as error:
            raise SweeperError(f"resources.storage {self.uri}: {error}") from error


def _is_checkpoint(name: str) -> bool:
    """Whether only an unfinished trial needs the file: as `SweepPaths.discard_checkpoints`."""
    return name.endswith(".ckpt") and "/" not in name


@functools.cache
def _opened(uri: str) -> tuple[Any, str]:
    """File system and path; kept, as it holds connections."""
    import pyarrow.fs

    files, path = pyarrow.fs.FileSystem.from_uri(uri)
    return files, path.rstrip("/")


@dataclass
class Upload:
    """Keeps what is new in a worker's folder of a trial."""

    storage: Storage
    number: int
    folder: Path
    _kept: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._kept = dict(self._there())

    def __call__(self) -> None:
        """Keep each file that is new, or not as it was.

        Raises:
            OSError: the store does not answer; the next call tries the rest again.
        """
        for name, state in self._there():
            if self._kept.get(name) != state:
                self.storage.keep(self.number, self.folder, name)
                self._kept[name] = state

    def _there(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """Name, and size and time (ns), of each file; hidden ones are only half written."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and not path.name.startswith(".") and path.name != _NOT_KEPT:
                stat = path.stat()
                yield str(path.relative_to(self.folder)), (stat.st_size, stat.st_mtime_ns)
