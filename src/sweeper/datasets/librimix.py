"""LibriMix for enhancement (Cosentino et al., 2020): one speaker and WHAM noise, by its tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.data import audio, corpus
from sweeper.datasets import _tables
from sweeper.datasets._options import SampleRate
from sweeper.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["librimix"]

_COLUMNS = ("mixture_ID", "mixture_path", "source_1_path", "length")


def librimix(
    *,
    root: Path,
    train: str = "train-360",
    valid: str = "dev",
    task: str = "mix_single",
    sample_rate: SampleRate = 16000,
) -> corpus.Corpus:
    """What ``metadata/mixture_train-360_mix_single.csv`` and its like list: task ``enh_single``.

    The tables have the paths of the machine that made them; the files are found below ``root``
    all the same. ``length`` is checked against the files.

    Args:
        root: a folder such as ``Libri2Mix/wav16k/min``.
        train, valid: the parts that train and validate; their speakers are others.
        task: the tables' last word: the mixture of the first speaker and noise.
        sample_rate: in Hz.

    Raises:
        DataError: what is wrong, with all lines at once.
    """
    root = Path(root).expanduser()
    parts: tuple[tuple[corpus.Split, str], ...] = (("train", train), ("valid", valid))
    files: list[corpus.PairFiles] = []
    problems: list[str] = []
    for split, part in parts:
        found, wrong = _listed(_table(root, f"mixture_{part}_{task}.csv"), root, split)
        files += found
        problems += wrong
    return corpus.load("librimix", str(root.resolve()), sample_rate, files, problems)


def _table(root: Path, name: str) -> Path:
    places = (root / "metadata" / name, root / name)
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        raise DataError(
            f"{places[0]}: no such file; root must be a folder such as Libri2Mix/wav16k/min, made "
            "by LibriMix's own scripts (https://github.com/JorisCos/LibriMix)"
        )
    return found


def _listed(
    path: Path, root: Path, split: corpus.Split
) -> tuple[list[corpus.PairFiles], list[str]]:
    """The pairs of a table, and what is wrong with its other lines."""
    mixtures, sources = _tables.Place(root), _tables.Place(root)
    files, problems = [], []
    for number, values in _tables.lines(path, _COLUMNS):
        if wrong := list(_problems(values)):
            problems += [f"{path}, line {number}: {told}" for told in wrong]
            continue
        pair = corpus.PairFiles(
            id=f"{split}/{values['mixture_ID']}",
            noisy=mixtures.find(values["mixture_path"]),
            clean=sources.find(values["source_1_path"]),
            split=split,
            speaker=values["mixture_ID"].split("-")[0],
            length=audio.Length(int(float(values["length"]))),
        )
        files.append(pair)
    return files, problems


def _problems(values: Mapping[str, str]) -> Iterator[str]:
    yield from _tables.surplus(values, _COLUMNS)
    if values["length"] and not values["length"].removesuffix(".0").isdecimal():
        yield f"length: must be a whole number of samples, but got {values['length']!r}"
