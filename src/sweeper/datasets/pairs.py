"""A folder of the user's own recordings: one sub-folder noisy, one clean, the same file names."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from sweeper.data import corpus
from sweeper.datasets import _folders, _splits
from sweeper.datasets._options import SampleRate, Share, Speakers

__all__ = ["pairs"]

Matching = Literal["name", "fileid"]


def pairs(
    *,
    root: Path,
    noisy: str = "noisy",
    clean: str = "clean",
    valid_root: Path | None = None,
    valid_speakers: Speakers = (),
    valid_share: Share | None = None,
    speaker: str = "[^/_-]+",
    matching: Matching = "name",
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
        matching: what the two files of a pair share: their ``name``, or as in the DNS Challenge the
            ``fileid`` at its end (``..._fileid_17``).
        sample_rate: in Hz.

    Raises:
        DataError: what is wrong, with the files' names.
    """
    _splits.one_way("pairs", root=valid_root, speakers=valid_speakers, share=valid_share)
    root = Path(root).expanduser()
    find = partial(_found, noisy=noisy, clean=clean, speaker=speaker, matching=matching)
    files, problems = find(root)
    if valid_root:
        held_out, more = find(Path(valid_root).expanduser())
        files, problems = [*_named("train", files), *_named("valid", held_out)], problems + more
    else:
        split = (
            partial(_splits.by_speaker, files, valid_speakers, str(root))
            if valid_speakers
            else partial(_splits.by_share, files, valid_share or _splits.DEFAULT_SHARE, str(root))
        )
        files = _splits.tried(split, files, problems)
    return corpus.load("pairs", str(root.resolve()), sample_rate, files, problems)


def _found(
    folder: Path, *, noisy: str, clean: str, speaker: str, matching: Matching
) -> tuple[list[corpus.PairFiles], list[str]]:
    """The pairs below ``folder``, all of them for training as yet, and the other files' faults."""
    key = _folders.by_file_id if matching == "fileid" else _folders.by_name
    pairs, problems = _folders.match(folder / noisy, folder / clean, key)
    files = [
        corpus.PairFiles(id_, pair.noisy, pair.clean, "train", _splits.speaker_of(id_, speaker))
        for id_, pair in pairs.items()
    ]
    return files, problems


def _named(split: corpus.Split, files: list[corpus.PairFiles]) -> list[corpus.PairFiles]:
    """Put the split before each id, since two folders may use the same names."""
    return [replace(pair, id=f"{split}/{pair.id}", split=split) for pair in files]
