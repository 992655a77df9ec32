"""A folder of the user's own recordings: one sub-folder noisy, one clean, the same file names."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sweeper.data import corpus
from sweeper.datasets import _folders, _splits
from sweeper.datasets._options import SampleRate, Speakers
from sweeper.errors import DataError

__all__ = ["pairs"]

DEFAULT_SHARE = 0.1

_Share = Annotated[float, Field(gt=0, lt=1, description="share of the pairs that validate")]


def pairs(
    *,
    root: Path,
    noisy: str = "noisy",
    clean: str = "clean",
    valid_root: Path | None = None,
    valid_speakers: Speakers = (),
    valid_share: _Share | None = None,
    speaker: str = "[^/_-]+",
    sample_rate: SampleRate = 16000,
) -> corpus.Corpus:
    """``root/noisy/x.wav`` and ``root/clean/x.wav`` are a pair; sub-folders are searched.

    Validation is one of the following; without any of them it is ``valid_share: 0.1``.

    - ``valid_root``: a folder of its own, laid out like ``root``.
    - ``valid_speakers``: the recordings of these speakers.
    - ``valid_share``: whole speakers, chosen by a hash of their names, up to this share of pairs.

    Args:
        root: the folder that holds the two.
        noisy, clean: names of the two folders, below ``root`` (and ``valid_root``).
        speaker: regular expression that finds the speaker at the start of a file's path below its
            folder; the default takes what stands before the first ``/``, ``_`` or ``-``
            (``p226_001.wav``, ``p226/1.wav``). ``.+`` makes each file a speaker of its own, so that
            ``valid_share`` splits by file.
        sample_rate: in Hz.

    Raises:
        DataError: what is wrong, with the files' names.
    """
    ways = {"root": valid_root, "speakers": valid_speakers, "share": valid_share}
    given = [f"valid_{name}" for name, value in ways.items() if value]
    if len(given) > 1:
        raise DataError(f"data set 'pairs': {' and '.join(given)} exclude each other; give one")
    root = Path(root).expanduser()
    files = _found(root, noisy, clean, speaker)
    if valid_root is not None:
        held_out = _found(Path(valid_root).expanduser(), noisy, clean, speaker)
        files = [*_named("train", files), *_named("valid", held_out)]
    elif valid_speakers:
        files = _splits.by_speaker(files, valid_speakers, str(root))
    else:
        files = _splits.by_share(files, valid_share or DEFAULT_SHARE, str(root))
    return corpus.load("pairs", str(root.resolve()), sample_rate, files)


def _found(folder: Path, noisy: str, clean: str, speaker: str) -> list[corpus.PairFiles]:
    """The pairs below ``folder``, all of them for training as yet."""
    matched = _folders.match(folder / noisy, folder / clean)
    return [
        corpus.PairFiles(id_, pair.noisy, pair.clean, "train", _speaker(id_, speaker))
        for id_, pair in matched.items()
    ]


def _speaker(id_: str, pattern: str) -> str:
    try:
        match = re.match(pattern, id_)
    except re.error as error:
        raise DataError(f"speaker: {pattern!r} is no regular expression ({error})") from error
    if match is None:
        raise DataError(f"speaker: {pattern!r} finds nothing at the start of {id_!r}; change it")
    return match.group()


def _named(split: corpus.Split, files: list[corpus.PairFiles]) -> list[corpus.PairFiles]:
    """Put the split before each id, since two folders may use the same names."""
    return [replace(pair, id=f"{split}/{pair.id}", split=split) for pair in files]
