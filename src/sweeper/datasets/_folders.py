"""Two folders of recordings, noisy and clean, matched by file name."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sweeper.data import audio, corpus
from sweeper.errors import DataError

__all__ = ["Files", "match"]


class Files(NamedTuple):
    """The two files of a pair."""

    noisy: Path
    clean: Path


def match(noisy: Path, clean: Path) -> dict[str, Files]:
    """The pairs by id; an id is the path below the folder without its suffix (``p226/p226_001``).

    Raises:
        DataError: a missing folder, no recording in it, or files without their counterpart; all of
            them at once.
    """
    noisy_files, clean_files = _recordings(noisy), _recordings(clean)
    alone = [f"{noisy_files[id_]}: no {clean / id_}.*" for id_ in noisy_files.keys() - clean_files]
    alone += [f"{clean_files[id_]}: no {noisy / id_}.*" for id_ in clean_files.keys() - noisy_files]
    corpus.refuse(f"{noisy} and {clean} do not hold the same file names", sorted(alone))
    return {id_: Files(noisy_files[id_], clean_files[id_]) for id_ in sorted(noisy_files)}


def _recordings(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; check the root and the folder's name")
    files = [f for f in sorted(folder.rglob("*")) if _is_recording(f)]
    if not files:
        kinds = ", ".join(sorted(audio.SUFFIXES))
        raise DataError(f"{folder}: no recordings ({kinds}) in this folder; check the path")
    found: dict[str, Path] = {}
    for file in files:
        first = found.setdefault(file.relative_to(folder).with_suffix("").as_posix(), file)
        if first is not file:
            raise DataError(f"{first} and {file} have the same name; remove one of them")
    return found


def _is_recording(file: Path) -> bool:
    return file.suffix.lower() in audio.SUFFIXES and not file.name.startswith(".")
