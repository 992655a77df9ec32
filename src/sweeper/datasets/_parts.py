"""What mixtures are made of, speech, noises and rooms, and those that validate."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from sweeper.data import corpus, waves
from sweeper.data.audio import PEAK
from sweeper.data.mixing import in_room, remixed, repeated
from sweeper.data.store import Facts
from sweeper.datasets import _folders, _splits
from sweeper.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from torch import Tensor

    from sweeper.data.sources import Source

__all__ = ["HeldOut", "Part", "Parts", "held_out", "read", "speech"]

Kind = Literal["speech", "noise", "room"]


@dataclass(frozen=True, slots=True)
class Part:
    """A recording that mixtures are made of."""

    kind: Kind
    id: str
    file: Source
    split: corpus.Split
    speaker: str | None = None


def speech(
    clean: Path,
    valid_clean: Path | None,
    valid_speakers: Collection[str],
    share: float,
    pattern: str,
) -> list[Part]:
    """The clean recordings; who validates is said by one of the arguments in the middle."""
    train = _spoken(clean, pattern)
    if valid_clean:
        valid = [replace(part, split="valid") for part in _spoken(valid_clean, pattern)]
        return [replace(p, id=f"{p.split}/{p.id}") for p in (*train, *valid)]
    counts = Counter(str(part.speaker) for part in train)
    if valid_speakers:
        _splits.check_speakers(counts, valid_speakers, str(clean))
        chosen = set(valid_speakers)
    else:
        chosen = _splits.share_of_speakers(counts, share, str(clean))
    return [replace(p, split="valid" if p.speaker in chosen else "train") for p in train]


def _spoken(folder: Path, pattern: str) -> list[Part]:
    return [
        Part("speech", id_, file, "train", _splits.speaker_of(id_, pattern))
        for id_, file in _folders.recordings(Path(folder).expanduser())
    ]


def held_out(kind: Kind, folder: Path, valid: Path | None, share: float) -> list[Part]:
    """All files of ``folder``; ``share`` of them, or those in ``valid``, are for validation alone.

    Raises:
        DataError: there are not enough.
    """
    files = _folders.recordings(Path(folder).expanduser())
    if valid:
        others = _folders.recordings(Path(valid).expanduser())
        return [Part(kind, id_, f, "train") for id_, f in files] + [
            Part(kind, id_, f, "valid") for id_, f in others
        ]
    if len(files) < 2:
        raise DataError(
            f"{folder}: has one {kind} only, and one more is needed to validate; cut it in two, or "
            "add others"
        )
    chosen = _splits.held_out({id_: 1 for id_, _ in files}, share)
    return [Part(kind, id_, f, "valid" if id_ in chosen else "train") for id_, f in files]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts with their waveforms."""

    parts: Sequence[Part]
    loaded: waves.Loaded

    @property
    def shared(self) -> bool:
        """Whether other processes share the waveforms."""
        return bool(self.loaded.kept_as)

    def of(self, kind: Kind, split: corpus.Split) -> list[tuple[Part, Tensor]]:
        """The parts of a kind in a split, each with its waveform (time,)."""
        both = zip(self.parts, self.loaded.waveforms, strict=True)
        return [(part, w) for part, (w,) in both if (part.kind, part.split) == (kind, split)]

    def waveforms(self, kind: Kind, split: corpus.Split) -> tuple[Tensor, ...]:
        """As `of`, the waveforms alone."""
        return tuple(waveform for _, waveform in self.of(kind, split))

    def derived(self, recipe: str, make: Callable[[], Iterator[Tensor]]) -> tuple[Tensor, ...]:
        """Waveforms made of these and kept like them."""
        return waves.derived(self.loaded.kept_as, json.dumps([recipe, *self._names()]), make)

    def fingerprint(self, sample_rate: int, recipe: str) -> str:
        """SHA-256 (hex) of names, splits and contents, and of what is made of them."""
        digests = [o.digest for (o,) in self.loaded.outcomes if isinstance(o, Facts)]
        lines = [f"{n}\t{digest}" for n, digest in zip(self._names(), digests, strict=True)]
        return corpus.fingerprint(sample_rate, [recipe, *lines])

    def _names(self) -> list[str]:
        return [f"{part.kind}\t{part.split}\t{part.id}" for part in self.parts]


def read(parts: Sequence[Part], sample_rate: int, heading: str) -> Parts:
    """Read all parts.

    Raises:
        DataError: has every file that cannot be used.
    """
    loaded = waves.load([(part.file,) for part in parts], sample_rate)
    problems = []
    for part, (outcome,) in zip(parts, loaded.outcomes, strict=True):
        if isinstance(outcome, str):
            problems.append(outcome)
        elif outcome.power < corpus.SILENT and (part.kind != "speech" or part.split == "valid"):
            problems.append(f"{part.file}: is silent; remove it from the data set")
    corpus.refuse(heading, problems)
    return Parts(parts, loaded)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What the mixtures that validate are made with; fields as in `sweeper.data.mixing.Mixing`.

    Attributes:
        snr: lowest and highest, in dB.
    """

    noises: Sequence[Tensor]
    rooms: Sequence[Tensor]
    room_share: float
    snr: tuple[float, float]

    def mixtures(self, spoken: Sequence[tuple[Part, Tensor]]) -> Iterator[Tensor]:
        """For each recording the mixture and the target, both (time,).

        What a recording is mixed with depends on its id, so more recordings change no mixture.
        """
        for part, clean in spoken:
            seed = hashlib.sha256(part.id.encode()).digest()
            draw = np.random.default_rng(np.frombuffer(seed, np.uint32))
            noise = self.noises[int(draw.integers(len(self.noises)))]
            noise_T = repeated(noise, len(clean), draw.random())
            snr = draw.uniform(*self.snr)
            target = clean
            if self.rooms and draw.random() < self.room_share:
                target = in_room(clean, self.rooms[int(draw.integers(len(self.rooms)))])
            noisy = remixed(target, noise_T, snr)
            gain = min(1.0, PEAK / max(noisy.abs().max().item(), target.abs().max().item()))
            yield noisy * gain
            yield target * gain
