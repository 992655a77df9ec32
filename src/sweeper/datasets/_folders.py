"""Two folders of recordings, noisy and clean, matched by file name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import NamedTuple

from sweeper.data import audio
from sweeper.data.sources import Member, Source, members
from sweeper.errors import DataError

__all__ = ["Files", "Matched", "by_file_id", "by_name", "match", "recordings"]

_FILE_ID = re.compile(r"fileid_(\d+)$")


class Files(NamedTuple):
    """The two files of a pair."""

    noisy: Source
    clean: Source


class Matched(NamedTuple):
    """The pairs by id, and what is wrong with the files that are in none."""

    pairs: dict[str, Files]
    problems: list[str]


def by_name(id_: str) -> str:
    """What pairs share as a rule: the whole path below their folders."""
    return id_


def by_file_id(id_: str) -> str:
    """What pairs of the DNS Challenge share: the number in ``..._fileid_17``."""
    found = _FILE_ID.search(id_)
    return f"fileid_{found[1]}" if found else id_


def match(noisy: Path, clean: Path, key: Callable[[str], str] = by_name) -> Matched:
    """The pairs in two folders (or zip archives), those whose ids have the same ``key``.

    An id is the path below the folder without its suffix (``p226/p226_001``).

    Raises:
        DataError: a missing folder, or no recording in it.
    """
    (noisy_files, twice_noisy), (clean_files, twice_clean) = (
        _keyed(recordings(folder), key) for folder in (noisy, clean)
    )
    alone = _alone(noisy_files, clean_files, clean) + _alone(clean_files, noisy_files, noisy)
    both = sorted(noisy_files.keys() & clean_files)
    pairs = {name: Files(noisy_files[name], clean_files[name]) for name in both}
    return Matched(pairs, twice_noisy + twice_clean + sorted(alone))


def recordings(folder: Path) -> list[tuple[str, Source]]:
    """Ids and files below a folder, or in a zip archive.

    Raises:
        DataError: no such folder, or no recording in it.
    """
    if folder.suffix == ".zip":
        names = members(folder)
        top = folder.stem if all(name.parts[0] == folder.stem for name in names) else "."
        files: list[tuple[PurePath, Source]] = [
            (name.relative_to(top), Member(folder, str(name))) for name in names
        ]
    elif folder.is_dir():
        files = [(f.relative_to(folder), f) for f in sorted(folder.rglob("*"))]
    else:
        raise DataError(f"{folder}: no such folder; check the root and the folder's name")
    found = [(name.with_suffix("").as_posix(), f) for name, f in files if _is_recording(name)]
    if not found:
        kinds = ", ".join(sorted(audio.SUFFIXES))
        raise DataError(f"{folder}: no recordings ({kinds}) in this folder; check the path")
    return found


def _keyed(
    files: list[tuple[str, Source]], key: Callable[[str], str]
) -> tuple[dict[str, Source], list[str]]:
    found: dict[str, Source] = {}
    problems = []
    for id_, file in files:
        first = found.setdefault(key(id_), file)
        if first is not file:
            problems.append(f"{first} and {file} have the same name; remove one of them")
    return found, problems


def _alone(files: dict[str, Source], others: dict[str, Source], folder: Path) -> list[str]:
    return [
        f"{files[name]}: no {folder / name}.*; put its counterpart there, or remove it"
        for name in files.keys() - others
    ]


def _is_recording(name: PurePath) -> bool:
    return name.suffix.lower() in audio.SUFFIXES and not name.name.startswith(".")
