"""A corpus: noisy/clean pairs, split in train and valid, with a fingerprint of their content."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sweeper.data import waves
from sweeper.data.store import Facts
from sweeper.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torch import Tensor

    from sweeper.data.audio import Length
    from sweeper.data.mixing import Mixing
    from sweeper.data.sources import Source

__all__ = [
    "SILENT",
    "Corpus",
    "Pair",
    "PairFiles",
    "Split",
    "fingerprint",
    "load",
    "refuse",
    "repeated",
]

Split = Literal["train", "valid"]

_SHOWN = 20  # problems that one message lists
SILENT = 1e-10
"""Mean power of a clean recording (-100 dB full scale) below which it is silence."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One recording twice: with noise, and the clean speech in it.

    Attributes:
        id: its name, unique in its corpus.
        noisy, clean: float32 waveforms (time,), equally long.
        speaker: who speaks, None where that is not known.
        noisy_si_sdr: what the data set's list tells of it, in dB; None where it does not.
    """

    id: str
    noisy: Tensor
    clean: Tensor
    speaker: str | None = None
    noisy_si_sdr: float | None = None

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
    """Noisy/clean pairs.

    Attributes:
        name: for people and for the tracker.
        sample_rate: of every waveform, in Hz.
        train, valid: the two splits; neither is empty, and ids are unique over both.
        fingerprint: SHA-256 (hex) of sample rate, splits, ids and the files' contents; the same on
            every machine and under every path, and another as soon as a sample changes.
        source: where it came from, for people: a folder, a manifest.
        mixing: what is mixed into the clean training recordings as they are drawn; None where
            ``train`` has noisy recordings. With it, ``noisy`` is ``clean`` in ``train``.
        shared: the waveforms are in memory that all processes of the machine share.

    Raises:
        DataError: an empty split, an id twice, a silent clean recording in ``valid``.
    """

    name: str
    sample_rate: int
    train: tuple[Pair, ...]
    valid: tuple[Pair, ...]
    fingerprint: str
    source: str
    mixing: Mixing | None = None
    shared: bool = False

    def __post_init__(self) -> None:
        for split, pairs in (("train", self.train), ("valid", self.valid)):
            if not pairs:
                raise DataError(f"data set {self.name!r} ({self.source}): no pairs in {split!r}")
        heading = f"data set {self.name!r} ({self.source}) cannot be used"
        refuse(heading, [*repeated(p.id for p in self.train + self.valid), *self._silent()])

    def _silent(self) -> list[str]:
        if self.shared:  # known from what was kept; to look would fetch all of it from the disk
            return []
        return [
            _silence(f"pair {pair.id!r}")
            for pair in self.valid
            if pair.clean.square().mean() < SILENT
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
        """Memory of this process alone that the waveforms take, in bytes."""
        if self.shared:
            return 0
        return sum(p.noisy.nbytes + p.clean.nbytes for p in self.train + self.valid)


def repeated(ids: Iterable[str]) -> list[str]:
    """What is wrong with ids that stand more than once."""
    counts = Counter(ids)
    return [
        f"id {id_!r} stands {n} times; ids must be unique" for id_, n in counts.items() if n > 1
    ]


def _silence(what: str) -> str:
    return (
        f"{what} is for validation, but its clean recording is silent, so no SI-SDR is defined; "
        "move it to 'train' or remove it"
    )


def _frames(pairs: Iterable[Pair]) -> int:
    return sum(len(pair.clean) for pair in pairs)


@dataclass(frozen=True, slots=True)
class PairFiles:
    """Where the two recordings of a pair lie, before they are read.

    Attributes:
        length: what a list tells of both files, None where it does not; it is checked.
        noisy_si_sdr: what a list tells of the noisy recording's SI-SDR, in dB; `sweeper data check`
            compares it.
    """

    id: str
    noisy: Source
    clean: Source
    split: Split
    speaker: str | None = None
    length: Length | None = None
    noisy_si_sdr: float | None = None


def load(
    name: str,
    source: str,
    sample_rate: int,
    files: Sequence[PairFiles],
    problems: Sequence[str] = (),
) -> Corpus:
    """Read all ``files``, several at a time, and make a corpus of them.

    Args:
        problems: what is wrong with other files of the data set, to be told with the rest.

    Raises:
        DataError: has every file that cannot be used.
    """
    loaded = waves.load([(f.noisy, f.clean) for f in files], sample_rate)
    told = [*problems, *repeated(f.id for f in files)]
    for pair_files, outcomes in zip(files, loaded.outcomes, strict=True):
        told += _problems(pair_files, outcomes, sample_rate)
    refuse(f"data set {name!r} ({source}) cannot be used", told)
    pairs = [
        (f.split, Pair(f.id, noisy, clean, f.speaker, f.noisy_si_sdr))
        for f, (noisy, clean) in zip(files, loaded.waveforms, strict=True)
    ]
    lines = [
        f"{f.split}\t{f.id}\t{''.join(o.digest for o in outcomes if isinstance(o, Facts))}"
        for f, outcomes in zip(files, loaded.outcomes, strict=True)
    ]
    return Corpus(
        name=name,
        sample_rate=sample_rate,
        train=tuple(pair for split, pair in pairs if split == "train"),
        valid=tuple(pair for split, pair in pairs if split == "valid"),
        fingerprint=fingerprint(sample_rate, lines),
        source=source,
        shared=bool(loaded.kept_as),
    )


def refuse(heading: str, problems: Sequence[str]) -> None:
    """Raise a DataError that lists the ``problems`` (the first 20) below ``heading``, if any.

    The error itself has them all.
    """
    if not problems:
        return
    left_out = len(problems) - _SHOWN
    more = [f"... and {left_out} more; `sweeper data check` tells all"] if left_out > 0 else []
    text = "\n  ".join([f"{heading}:", *problems[:_SHOWN], *more])
    raise DataError(text, heading=heading, problems=problems)


def fingerprint(sample_rate: int, lines: Iterable[str]) -> str:
    """SHA-256 (hex) of a data set: of what each line says of one of its parts, in any order."""
    return hashlib.sha256("\n".join([str(sample_rate), *sorted(lines)]).encode()).hexdigest()


def _problems(
    files: PairFiles, outcomes: Sequence[waves.Outcome], sample_rate: int
) -> Iterator[str]:
    """What is wrong with a pair, by what is known of its two files."""
    yield from (outcome for outcome in outcomes if isinstance(outcome, str))
    known = [outcome for outcome in outcomes if isinstance(outcome, Facts)]
    if len(known) < len(outcomes):
        return
    noisy, clean = known
    if noisy.length != clean.length:
        yield (
            f"pair {files.id!r}: {files.noisy} has {noisy.length} samples and {files.clean} "
            f"{clean.length} at {sample_rate} Hz; both must be the same recording, cut alike: "
            "export both again, or remove the pair"
        )
    else:
        yield from _wrong_length(files, noisy, sample_rate)
    if files.split == "valid" and clean.power < SILENT:
        yield _silence(f"pair {files.id!r} ({files.clean})")


def _wrong_length(files: PairFiles, noisy: Facts, sample_rate: int) -> Iterator[str]:
    told = files.length
    if told is None:
        return
    if told.sample_rate is None:
        wanted, there, rate = told.frames, noisy.frames, noisy.sample_rate
    else:
        wanted, there, rate = told.resampled(sample_rate), noisy.length, sample_rate
    if wanted != there:
        yield (
            f"pair {files.id!r}: should have {wanted} samples at {rate} Hz by the list that it is "
            f"in, but {files.noisy} has {there}; write the list anew"
        )
