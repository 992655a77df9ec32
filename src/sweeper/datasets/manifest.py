"""Any data set, through a CSV file with one line per pair."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

from sweeper.data import audio, corpus
from sweeper.datasets import _splits
from sweeper.datasets._options import SampleRate, Speakers
from sweeper.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["manifest"]


_REQUIRED = ("id", "noisy_path", "clean_path")
_SPLITS = get_args(corpus.Split)
_LEFT_OUT = "test"
_SURPLUS = "surplus values"
_POSITIVE = re.compile("0*[1-9][0-9]*")


def manifest(
    *,
    path: Path,
    root: Path | None = None,
    valid_speakers: Speakers = (),
    sample_rate: SampleRate = 16000,
) -> corpus.Corpus:
    """The pairs in the CSV file ``path``: ``id,noisy_path,clean_path`` and more.

    Optional columns are ``split`` (``train`` or ``valid``; lines of ``test`` are left out),
    ``speaker``, and ``num_frames`` with ``sample_rate``, which are checked against the files. Other
    columns do not matter.

    Args:
        path: the CSV file, UTF-8, with a header.
        root: what relative paths in it are relative to; the folder of ``path`` by default.
        valid_speakers: these speakers validate and all others train, whatever ``split`` says.
        sample_rate: in Hz.

    Raises:
        DataError: what is wrong, with all lines at once.
    """
    path = Path(path).expanduser()
    folder = path.parent if root is None else Path(root).expanduser()
    decider = "speaker" if valid_speakers else "split"
    lines = _lines(path, decider)
    problems = [
        f"line {line.number}: {problem}"
        for line in lines
        for problem in _problems(line.values, folder, decider)
    ]
    corpus.refuse(f"manifest {path} has wrong lines", problems + _repeated(lines))
    files = [_pair_files(line.values, folder) for line in lines]
    if valid_speakers:
        files = _splits.by_speaker(files, valid_speakers, str(path))
    return corpus.load("manifest", str(path.resolve()), sample_rate, files)


class _Line(NamedTuple):
    number: int
    values: Mapping[str, str]


def _lines(path: Path, decider: str) -> list[_Line]:
    """The lines of the pairs that train or validate; the column ``decider`` says which."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restkey=_SURPLUS, restval="")
            columns = reader.fieldnames or ()
            lines = [_Line(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a CSV manifest ({error})") from error
    missing = [name for name in (*_REQUIRED, decider) if name not in columns]
    if missing:
        raise DataError(
            f"{path}: the header has no {', '.join(missing)}; it has {', '.join(columns)}"
            + ("; add it, or give valid_speakers" if missing == ["split"] else "")
        )
    return [line for line in lines if line.values.get("split") != _LEFT_OUT]


def _problems(values: Mapping[str, str], folder: Path, decider: str) -> Iterator[str]:
    """What is wrong with one line."""
    if _SURPLUS in values:
        yield "has more values than the header; put values with commas in double quotes"
    for column in (*_REQUIRED, decider):
        if not values[column]:
            yield f"has no {column}"
    yield from _bad_values(values, folder, decider)


def _bad_values(values: Mapping[str, str], folder: Path, decider: str) -> Iterator[str]:
    paths = [folder / values[name] for name in ("noisy_path", "clean_path") if values[name]]
    absent = [str(path) for path in paths if not path.is_file()]
    if absent:
        yield f"no such file: {', '.join(absent)}; correct the path, or give root"
    if decider == "split" and values["split"] and values["split"] not in _SPLITS:
        yield f"split: must be train, valid or test, but got {values['split']!r}"
    for column in ("num_frames", "sample_rate"):
        if values.get(column) and not _POSITIVE.fullmatch(values[column]):
            yield f"{column}: must be a positive whole number, but got {values[column]!r}"


def _repeated(lines: list[_Line]) -> list[str]:
    seen: dict[str, int] = {}
    return [
        f"line {number}: id {values['id']!r} stands in line {first} already; ids must be unique"
        for number, values in lines
        if (first := seen.setdefault(values["id"], number)) != number
    ]


def _pair_files(values: Mapping[str, str], folder: Path) -> corpus.PairFiles:
    """The pair of a line without problems; for training where the line does not say otherwise."""
    frames, rate = values.get("num_frames"), values.get("sample_rate")
    length = audio.Length(int(frames), int(rate)) if frames and rate else None
    return corpus.PairFiles(
        id=values["id"],
        noisy=folder / values["noisy_path"],
        clean=folder / values["clean_path"],
        split="valid" if values.get("split") == "valid" else "train",
        speaker=values.get("speaker") or None,
        length=length,
    )
