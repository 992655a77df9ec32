"""A corpus: noisy/clean pairs in memory, split in train and valid, with a content fingerprint."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sweeper.data import audio
from sweeper.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from torch import Tensor

__all__ = ["Corpus", "Pair", "PairFiles", "Split", "load", "refuse"]

Split = Literal["train", "valid"]

_SHOWN = 20  # problems that one message lists
_SILENT = 1e-10  # mean power of a clean recording (-100 dB full scale) below which it is silence
_READERS = 8


@dataclass(frozen=True, slots=True)
class Pair:
    """One recording twice: with noise, and the clean speech in it.

    Attributes:
        id: its name, unique in its corpus.
        noisy, clean: float32 waveforms (time,), equally long.
        speaker: who speaks, None where that is not known.
    """

    id: str
    noisy: Tensor
    clean: Tensor
    speaker: str | None = None

    def __post_init__(self) -> None:
        for name, waveform in (("noisy", self.noisy), ("clean", self.clean)):
            if waveform.dim() != 1 or len(waveform) == 0:
                raise DataError(
                    f"pair {self.id!r}: {name} must be a waveform (time,) with samples, "
                    f"got shape {tuple(waveform.shape)}"
                )
        if len(self.noisy) != len(self.clean):
            raise DataError(
                f"pair {self.id!r}: noisy has {len(self.noisy)} samples and clean "
                f"{len(self.clean)}; both must be the same recording, cut alike"
            )


@dataclass(frozen=True, slots=True)
class Corpus:
    """Noisy/clean pairs in memory.

    Attributes:
        name: for people and for the tracker.
        sample_rate: of every waveform, in Hz.
        train, valid: the two splits; neither is empty, and ids are unique over both.
        fingerprint: SHA-256 (hex) of sample rate, splits, ids and the files' contents; the same on
            every machine and under every path, and another as soon as a sample changes.
        source: where it came from, for people: a folder, a manifest.

    Raises:
        DataError: an empty split, an id twice, a silent clean recording in ``valid``.
    """

    name: str
    sample_rate: int
    train: tuple[Pair, ...]
    valid: tuple[Pair, ...]
    fingerprint: str
    source: str

    def __post_init__(self) -> None:
        for split, pairs in (("train", self.train), ("valid", self.valid)):
            if not pairs:
                raise DataError(f"data set {self.name!r} ({self.source}): no pairs in {split!r}")
        heading = f"data set {self.name!r} ({self.source}) cannot be used"
        refuse(heading, [*self._twice(), *self._silent()])

    def _twice(self) -> list[str]:
        counts = Counter(pair.id for pair in self.train + self.valid)
        return [
            f"id {id_!r} stands {n} times; ids must be unique" for id_, n in counts.items() if n > 1
        ]

    def _silent(self) -> list[str]:
        return [
            f"pair {pair.id!r} is for validation, but its clean recording is silent, so no SI-SDR "
            "is defined; move it to 'train' or remove it"
            for pair in self.valid
            if pair.clean.square().mean() < _SILENT
        ]

    @property
    def train_seconds(self) -> float:
        """Duration of the training recordings, in seconds."""
        return _frames(self.train) / self.sample_rate

    @property
    def valid_seconds(self) -> float:
        """Duration of the validation recordings, in seconds."""
        return _frames(self.valid) / self.sample_rate

    @property
    def nbytes(self) -> int:
        """Memory that the waveforms take, in bytes."""
        return sum(p.noisy.nbytes + p.clean.nbytes for p in self.train + self.valid)


def _frames(pairs: Iterable[Pair]) -> int:
    return sum(len(pair.clean) for pair in pairs)


@dataclass(frozen=True, slots=True)
class PairFiles:
    """Where the two recordings of a pair lie, before they are read.

    ``length`` is what a manifest tells of both files, None where it does not; it is checked.
    """

    id: str
    noisy: Path
    clean: Path
    split: Split
    speaker: str | None = None
    length: audio.Length | None = None


def load(name: str, source: str, sample_rate: int, files: Sequence[PairFiles]) -> Corpus:
    """Read all ``files``, several at a time, and make a corpus of them.

    Raises:
        DataError: names every pair that cannot be used, up to 20 of them.
    """
    with ThreadPoolExecutor(min(_READERS, 2 * (os.cpu_count() or 1))) as pool:
        outcomes = list(pool.map(lambda f: _read_or_problem(f, sample_rate), files))
    problems = [o for o in outcomes if isinstance(o, str)]
    refuse(f"data set {name!r} ({source}) cannot be used", problems)
    read = [o for o in outcomes if not isinstance(o, str)]
    return Corpus(
        name=name,
        sample_rate=sample_rate,
        train=tuple(r.pair for r in read if r.split == "train"),
        valid=tuple(r.pair for r in read if r.split == "valid"),
        fingerprint=_fingerprint(read, sample_rate),
        source=source,
    )


def refuse(heading: str, problems: Sequence[str]) -> None:
    """Raise a DataError that lists the ``problems`` (the first 20) below ``heading``, if any."""
    if not problems:
        return
    more = [f"... and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
    raise DataError("\n  ".join([f"{heading}:", *problems[:_SHOWN], *more]))


@dataclass(frozen=True, slots=True)
class _Read:
    pair: Pair
    split: Split
    digest: str


def _read_or_problem(files: PairFiles, sample_rate: int) -> _Read | str:
    try:
        return _read(files, sample_rate)
    except DataError as error:
        return str(error)


def _read(files: PairFiles, sample_rate: int) -> _Read:
    noisy_bytes, clean_bytes = audio.read_bytes(files.noisy), audio.read_bytes(files.clean)
    pair = Pair(
        id=files.id,
        noisy=audio.decode(noisy_bytes, files.noisy, sample_rate),
        clean=audio.decode(clean_bytes, files.clean, sample_rate),
        speaker=files.speaker,
    )
    _check_length(files, len(pair.noisy), sample_rate)
    digest = hashlib.sha256(noisy_bytes).hexdigest() + hashlib.sha256(clean_bytes).hexdigest()
    return _Read(pair, files.split, digest)


def _check_length(files: PairFiles, frames: int, sample_rate: int) -> None:
    told = files.length.resampled(sample_rate) if files.length else frames
    if told != frames:
        raise DataError(
            f"pair {files.id!r}: should have {told} samples at {sample_rate} Hz by the manifest, "
            f"but {files.noisy} has {frames}; write the manifest anew"
        )


def _fingerprint(read: Iterable[_Read], sample_rate: int) -> str:
    lines = sorted(f"{r.split}\t{r.pair.id}\t{r.digest}" for r in read)
    return hashlib.sha256("\n".join([str(sample_rate), *lines]).encode()).hexdigest()
