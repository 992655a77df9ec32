"""Any data set, through a CSV file with one line per pair."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from sweeper.data import audio, corpus
from sweeper.datasets import _splits, _tables
from sweeper.datasets._options import SampleRate, Speakers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["manifest"]


_REQUIRED = ("id", "noisy_path", "clean_path")
_SPLITS = get_args(corpus.Split)
_LEFT_OUT = "test"
_POSITIVE = re.compile("0*[1-9][0-9]*")
_DECIBELS = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")


def manifest(
    *,
    path: Path,
    root: Path | None = None,
    valid_speakers: Speakers = (),
    sample_rate: SampleRate = 16000,
) -> corpus.Corpus:
    """The pairs in the CSV file ``path``: ``id,noisy_path,clean_path`` and more.

    Optional columns are ``split`` (``train`` or ``valid``; lines of ``test`` are left out),
    ``speaker``, ``num_frames`` with ``sample_rate``, which are checked against the files, and
    ``noisy_si_sdr`` (dB), which `sweeper data check` compares. Other columns do not matter.

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
    wrong = [(line, list(_problems(line.values, folder, decider))) for line in lines]
    problems = [f"{path}, line {line.number}: {told}" for line, all_ in wrong for told in all_]
    repeated = _repeated(lines)
    problems += [f"{path}, line {number}: {told}" for number, told in repeated.items()]
    files = [
        _pair_files(line.values, folder)
        for line, told in wrong
        if not told and line.number not in repeated
    ]
    if valid_speakers:
        files = _splits.tried(
            lambda: _splits.by_speaker(files, valid_speakers, str(path)), files, problems
        )
    return corpus.load("manifest", str(path.resolve()), sample_rate, files, problems)


def _lines(path: Path, decider: str) -> list[_tables.Line]:
    """The lines of the pairs that train or validate; the column ``decider`` says which."""
    advice = "; split says what validates; or give valid_speakers" if decider == "split" else ""
    lines = _tables.lines(path, (*_REQUIRED, decider), advice)
    return [line for line in lines if line.values.get("split") != _LEFT_OUT]


def _problems(values: Mapping[str, str], folder: Path, decider: str) -> Iterator[str]:
    """What is wrong with one line."""
    yield from _tables.surplus(values, (*_REQUIRED, decider))
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
    if (told := values.get("noisy_si_sdr")) and not _DECIBELS.fullmatch(told):
        yield f"noisy_si_sdr: must be a number (dB), but got {told!r}"


def _repeated(lines: list[_tables.Line]) -> dict[int, str]:
    """What is wrong with the lines, by number, whose id stands in another one above."""
    seen: dict[str, int] = {}
    return {
        number: f"id {values['id']!r} stands in line {first} already; ids must be unique"
        for number, values in lines
        if (first := seen.setdefault(values["id"], number)) != number
    }


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
        noisy_si_sdr=float(told) if (told := values.get("noisy_si_sdr")) else None,
    )
