"""The JSON lists of facebookresearch/denoiser and of asteroid's WHAM recipes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sweeper.data import audio, corpus
from sweeper.datasets import _folders, _tables
from sweeper.datasets._options import SampleRate
from sweeper.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["denoiser_json"]

_Entry = tuple[Path, int]
_Pairs = list[tuple[_Entry, _Entry]]


class _Sides(NamedTuple):
    noisy_list: Path
    clean_list: Path
    noisy: list[_Entry]
    clean: list[_Entry]


def denoiser_json(
    *,
    train: Path,
    valid: Path,
    noisy: str = "noisy.json",
    clean: str = "clean.json",
    matching: Literal["sort", "dns"] = "sort",
    root: Path = Path(),
    sample_rate: SampleRate = 16000,
) -> corpus.Corpus:
    """Folders ``tr`` and ``cv``, each with two lists ``[[path, frames], ...]``, matched.

    For WHAM's lists: ``noisy: mix_single.json``, ``clean: s1.json``. ``frames`` is checked against
    the files.

    Args:
        train, valid: the folders that hold the lists.
        noisy, clean: names of the lists.
        matching: ``sort``: both lists in alphabetical order; ``dns``: by ``fileid_17`` at the end
            of the names.
        root: what relative paths in the lists are relative to; also where files are looked for
            whose listed path is that of another machine.
        sample_rate: in Hz.

    Raises:
        DataError: what is wrong, with all files at once.
    """
    files: list[corpus.PairFiles] = []
    problems: list[str] = []
    place = _tables.Place(Path(root).expanduser())
    parts: tuple[tuple[corpus.Split, Path], ...] = (("train", train), ("valid", valid))
    for split, folder in parts:
        noisy_list, clean_list = (Path(folder).expanduser() / name for name in (noisy, clean))
        sides = _Sides(
            noisy_list,
            clean_list,
            _entries(noisy_list, place, problems),
            _entries(clean_list, place, problems),
        )
        match = _by_order if matching == "sort" else _by_file_id
        files += _pair_files(split, match(sides, problems))
    source = " and ".join(str(Path(folder).resolve()) for _, folder in parts)
    return corpus.load("denoiser_json", source, sample_rate, files, problems)


def _entries(path: Path, place: _tables.Place, problems: list[str]) -> list[_Entry]:
    """What a list holds; what is wrong with other entries goes to ``problems``."""
    content = _tables.from_json(path)
    if not isinstance(content, list):
        raise DataError(f"{path}: must be a list of [path, frames]")
    found = []
    for number, entry in enumerate(content, start=1):
        if _is_entry(entry):
            found.append((place.find(entry[0]), entry[1]))
        else:
            problems.append(f"{path}, entry {number}: must be [path, frames], but got {entry!r}")
    return found


def _is_entry(entry: Any) -> bool:
    match entry:
        case [str(), int(frames)]:
            return frames > 0
        case _:
            return False


def _by_order(sides: _Sides, problems: list[str]) -> _Pairs:
    noisy, clean = sides.noisy, sides.clean
    if len(noisy) != len(clean):
        names = {path.stem for path, _ in noisy} ^ {path.stem for path, _ in clean}
        some = f" (see {', '.join(sorted(names)[:5])})" if names else ""
        problems.append(
            f"{sides.noisy_list} has {len(noisy)} files and {sides.clean_list} {len(clean)}, so "
            f"their order says no pairs; list the same recordings in both{some}"
        )
        return []
    return list(zip(sorted(noisy), sorted(clean), strict=True))


def _by_file_id(sides: _Sides, problems: list[str]) -> _Pairs:
    a, b = (
        {_folders.by_file_id(entry[0].stem): entry for entry in side}
        for side in (sides.noisy, sides.clean)
    )
    problems += [f"{a[n][0]}: no {n} in {sides.clean_list}" for n in sorted(a.keys() - b)]
    problems += [f"{b[n][0]}: no {n} in {sides.noisy_list}" for n in sorted(b.keys() - a)]
    return [(a[name], b[name]) for name in sorted(a.keys() & b)]


def _pair_files(split: corpus.Split, pairs: _Pairs) -> Iterator[corpus.PairFiles]:
    for (noisy, frames), (clean, _) in pairs:
        length = audio.Length(frames)
        yield corpus.PairFiles(f"{split}/{noisy.stem}", noisy, clean, split, length=length)
