"""The lists of SpeechBrain's enhancement recipes: JSON, one for each split."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeper.data import corpus
from sweeper.datasets import _tables
from sweeper.datasets._options import SampleRate
from sweeper.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["speechbrain_json"]

_DATA_ROOT = re.compile(r"(\{data_root\}|\$data_root)/")
_KEYS = ("noisy_wav", "clean_wav")


def speechbrain_json(
    *,
    train: Path,
    valid: Path,
    root: Path | None = None,
    sample_rate: SampleRate = 16000,
) -> corpus.Corpus:
    """``{"p226_001": {"noisy_wav": "{data_root}/...", "clean_wav": "..."}, ...}`` for each split.

    Other keys of an entry (``length``, ``words``) do not matter.

    Args:
        train, valid: the JSON files.
        root: what ``{data_root}`` (or ``$data_root``) stands for, and where files are looked for
            whose listed path is that of another machine; the folder of ``train`` by default.
        sample_rate: in Hz.

    Raises:
        DataError: what is wrong, with all entries at once.
    """
    train, valid = Path(train).expanduser(), Path(valid).expanduser()
    place = _tables.Place(train.parent if root is None else Path(root).expanduser())
    parts: tuple[tuple[corpus.Split, Path], ...] = (("train", train), ("valid", valid))
    files: list[corpus.PairFiles] = []
    problems: list[str] = []
    for split, path in parts:
        found, wrong = _listed(path, place, split)
        files += found
        problems += wrong
    source = f"{train.resolve()} and {valid.resolve()}"
    return corpus.load("speechbrain_json", source, sample_rate, files, problems)


def _listed(
    path: Path, place: _tables.Place, split: corpus.Split
) -> tuple[list[corpus.PairFiles], list[str]]:
    """The pairs of a list, and what is wrong with its other entries."""
    files, problems = [], []
    for id_, entry in _entries(path):
        if wrong := list(_problems(entry)):
            problems += [f"{path}, entry {id_!r}: {told}" for told in wrong]
        else:
            noisy, clean = (place.find(_DATA_ROOT.sub("", entry[key])) for key in _KEYS)
            files.append(corpus.PairFiles(id_, noisy, clean, split))
    return files, problems


def _entries(path: Path) -> list[tuple[str, Any]]:
    content = _tables.from_json(path)
    if not isinstance(content, dict):
        raise DataError(f"{path}: must be an object with an entry for each recording")
    return list(content.items())


def _problems(entry: Any) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield f"must be an object with noisy_wav and clean_wav, but got {entry!r}"
        return
    for key in _KEYS:
        if not isinstance(entry.get(key), str) or not entry[key]:
            yield f"{key}: must be a path, but got {entry.get(key)!r}"
