"""Checkpoints: whole or not there, with all that a continuation needs, and safe to load.

They hold tensors and plain containers only and are read with ``weights_only=True``. Random
generators are not among it, see `sweeper.training.randomness`.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import pickle
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from sweeper.records import EpochReport

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Checkpoint", "Checkpoints", "read", "write"]

log = logging.getLogger("sweeper.training")

FORMAT = 1
"""Number of the layout; a file with another one is not continued from."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A training between two epochs.

    Attributes:
        model, optimizer, schedule, average: their ``state_dict()``; empty where there is none.
        step: optimizer steps so far.
        reports: of all epochs so far; the last one's is the epoch of this checkpoint.
    """

    model: dict[str, Any]
    optimizer: dict[str, Any]
    schedule: dict[str, Any]
    step: int
    reports: tuple[EpochReport, ...]
    average: dict[str, Any] = field(default_factory=dict)

    @property
    def epoch(self) -> int:
        return self.reports[-1].epoch


class Checkpoints:
    """The last two checkpoints of a training, in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._last = directory / "last.ckpt"
        self._previous = directory / "previous.ckpt"

    def save(self, checkpoint: Checkpoint) -> None:
        """Make this the last one. It is on disk on return; a crash on the way leaves an older one.

        Raises:
            OSError: it cannot be written; the older ones are as they were.
        """
        content = {f.name: getattr(checkpoint, f.name) for f in dataclasses.fields(checkpoint)}
        content["reports"] = [dataclasses.asdict(report) for report in checkpoint.reports]
        new = _written(self._last, {"format": FORMAT, **content})
        if self._last.exists():
            self._last.replace(self._previous)
        new.replace(self._last)
        _sync_folder(self._last.parent)

    def load(self) -> Checkpoint | None:
        """The newest one that can be read, on the CPU; None to start anew. The log says why."""
        for path in (self._last, self._previous):
            if not path.exists():
                continue
            try:
                return _to_checkpoint(read(path))
            except (OSError, ValueError) as error:
                log.warning("%s cannot be used, falling back: %s", path.name, error)
        return None


def write(path: Path, content: dict[str, Any]) -> None:
    """Put ``content`` at ``path`` (its folder is made); a crash leaves the old file or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _written(path, content).replace(path)
    _sync_folder(path.parent)


def read(path: Path) -> dict[str, Any]:
    """What `write` put there, on the CPU.

    Raises:
        OSError: no such file, or it cannot be read.
        ValueError: the file is damaged, down to a single bit, or no checkpoint.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()  # torch.load does not look at the checksums
        if damaged is not None:
            raise ValueError(f"{path}: damaged in {damaged}")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (zipfile.BadZipFile, EOFError, RuntimeError, pickle.UnpicklingError) as error:
        reason = (str(error).splitlines() or ["it ends too early"])[0]
        raise ValueError(f"{path}: damaged, or no checkpoint ({reason})") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: no checkpoint, it holds a {type(content).__name__}")
    return content


def _written(path: Path, content: dict[str, Any]) -> Path:
    """A new file beside ``path``, flushed to the disk."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _to_checkpoint(content: dict[str, Any]) -> Checkpoint:
    fields = dict(content)
    if (found := fields.pop("format", None)) != FORMAT:
        raise ValueError(f"want a checkpoint of format {FORMAT}, got {found}")
    try:
        reports = tuple(EpochReport(**report) for report in fields.pop("reports"))
        return Checkpoint(**fields, reports=reports)
    except (TypeError, KeyError) as error:
        raise ValueError(f"not the fields of a checkpoint: {error}") from error
