"""Training batches: random segments, drawn so that an epoch can be drawn again alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from sweeper.data.mixing import cut, in_room, padded, remixed, repeated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweeper.data.corpus import Corpus, Pair
    from sweeper.data.mixing import Mixing

__all__ = ["Batches", "Draw"]

_SPEECH, _NOISE, _DETAILS, _MIXING = range(4)  # independent streams of random numbers


@dataclass(frozen=True, slots=True)
class Draw:
    """How one training segment comes about.

    Attributes:
        speech: index of the training pair that speaks.
        start: where its segment starts, as a share [0, 1) of the possible positions.
        noise: index of what is mixed in: the noise of a training pair (remix only), or one of the
            corpus's noises.
        noise_start: where the noise's segment starts, as a share [0, 1).
        snr: ratio of speech to noise in the segment, in dB (remix only).
        speed, room, gain: what else is done to a mixture: factor, index of the corpus's room or
            None, change of level in dB.
    """

    speech: int
    start: float
    noise: int
    noise_start: float
    snr: float
    speed: float = 1.0
    room: int | None = None
    gain: float = 0.0


@dataclass(frozen=True)
class Batches:
    """Noisy/clean training batches of ``corpus.train``.

    Files are drawn in shuffled passes over the corpus, without replacement, and the passes go on
    over the epochs: no file comes a second time before each has come once. Each draw takes a random
    segment; a file shorter than the segment is padded with zeros at its end, never dropped, so
    ``segment`` does not change which data are trained on. Epoch ``k`` of a seed depends on nothing
    but seed and ``k``, and its segments do not depend on ``batch_size``.

    With ``remix`` the noise of a pair (noisy - clean) is replaced by that of another draw from the
    corpus, at an SNR drawn uniformly from ``snr``; a noise shorter than the segment is repeated.
    (Defossez et al., Real Time Speech Enhancement in the Waveform Domain, 2020, call it Remix and
    shuffle inside a batch; here the pairing does not depend on the batch.)

    A corpus with ``mixing`` has no noisy recordings to train on: its noises are mixed in likewise,
    at SNRs from ``snr``, with the speeds, rooms and gains that it names.

    Attributes:
        batch_size: segments per batch; the last batch of an epoch may have fewer.
        segment: length of a segment, in seconds.
        seed: not negative.
        epoch_seconds: audio drawn per epoch; None for as much as ``corpus.train`` has.
        remix: whether noises are re-paired.
        snr: lowest and highest SNR of a remix, in dB.

    Raises:
        ValueError: an option out of its range.
    """

    corpus: Corpus = field(repr=False)
    batch_size: int
    segment: float
    seed: int
    epoch_seconds: float | None = None
    remix: bool = True
    snr: tuple[float, float] = (-5.0, 15.0)

    def __post_init__(self) -> None:
        low, high = self.snr
        seconds = self.epoch_seconds
        rules = (
            (self.batch_size >= 1, f"batch_size >= 1 must hold, but got {self.batch_size}"),
            (self.segment > 0, f"segment > 0 must hold, but got {self.segment}"),
            (self.seed >= 0, f"seed >= 0 must hold, but got {self.seed}"),
            (seconds is None or seconds > 0, f"epoch_seconds > 0 must hold, but got {seconds}"),
            (
                self.remix or self.corpus.mixing is None,
                f"remix: false leaves no noise to train on, since data set {self.corpus.name!r} "
                "has clean speech and noise apart; leave remix out",
            ),
            (low <= high, f"snr: low <= high must hold, but got low={low}, high={high}"),
        )
        broken = [message for holds, message in rules if not holds]
        if broken:
            raise ValueError("; ".join(broken))

    @property
    def samples(self) -> int:
        """Training segments per epoch, at least 1."""
        seconds = self.epoch_seconds or self.corpus.train_seconds
        return max(1, round(seconds / self.segment))

    @property
    def frames(self) -> int:
        """Length of a segment, at least 1."""
        return max(1, round(self.segment * self.corpus.sample_rate))

    def __len__(self) -> int:
        """Batches per epoch."""
        return math.ceil(self.samples / self.batch_size)

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of epoch ``number`` (from 1): noisy and clean, float32 (batch, time)."""
        draws = self.draws(number)
        for first in range(0, len(draws), self.batch_size):
            pairs = [self._cut(draw) for draw in draws[first : first + self.batch_size]]
            yield torch.stack([noisy for noisy, _ in pairs]), torch.stack([c for _, c in pairs])

    def draws(self, number: int) -> list[Draw]:
        """What epoch ``number`` (from 1) consists of, in its order."""
        if number < 1:
            raise ValueError(f"epochs count from 1, but got {number}")
        uniform = torch.rand(3, self.samples, generator=self._generator(_DETAILS, number))
        start, noise_start, level = uniform.double().tolist()
        low, high = self.snr
        speech = self._files(_SPEECH, number, len(self.corpus.train))
        noise = self._files(_NOISE, number, self._noises)
        drawn = [
            Draw(speech[i], start[i], noise[i], noise_start[i], low + (high - low) * level[i])
            for i in range(self.samples)
        ]
        mixing = self.corpus.mixing
        return drawn if mixing is None else self._varied(drawn, mixing, number)

    @property
    def _noises(self) -> int:
        mixing = self.corpus.mixing
        return len(self.corpus.train) if mixing is None else len(mixing.noises)

    def _varied(self, draws: list[Draw], mixing: Mixing, number: int) -> list[Draw]:
        """The same draws with speeds, rooms and gains."""
        uniform = torch.rand(4, self.samples, generator=self._generator(_MIXING, number))
        speed, in_room, room, level = uniform.double().tolist()
        low, high = mixing.gain
        return [
            replace(
                draw,
                speed=mixing.speeds[_picked(speed[i], len(mixing.speeds))],
                room=_picked(room[i], len(mixing.rooms))
                if mixing.rooms and in_room[i] < mixing.room_share
                else None,
                gain=low + (high - low) * level[i],
            )
            for i, draw in enumerate(draws)
        ]

    def _files(self, stream: int, number: int, count: int) -> list[int]:
        """Which of ``count`` files this epoch takes: its part of an endless row of passes."""
        first = (number - 1) * self.samples
        passes = range(first // count, (first + self.samples - 1) // count + 1)
        row = [self._shuffled(stream, number_of_pass, count) for number_of_pass in passes]
        return torch.cat(row)[first % count :][: self.samples].tolist()

    def _shuffled(self, stream: int, number_of_pass: int, count: int) -> Tensor:
        return torch.randperm(count, generator=self._generator(stream, number_of_pass))

    def _generator(self, stream: int, number: int) -> torch.Generator:
        (state,) = np.random.SeedSequence([self.seed, stream, number]).generate_state(1, np.uint64)
        return torch.Generator().manual_seed(int(state))

    def _cut(self, draw: Draw) -> tuple[Tensor, Tensor]:
        pair, mixing = self.corpus.train[draw.speech], self.corpus.mixing
        if mixing is not None:
            return self._mixed(pair.clean, draw, mixing)
        clean_T = padded(cut(pair.clean, self.frames, draw.start), self.frames)
        if not self.remix:
            return padded(cut(pair.noisy, self.frames, draw.start), self.frames), clean_T
        noise_T = _noise(self.corpus.train[draw.noise], self.frames, draw.noise_start)
        return remixed(clean_T, noise_T, draw.snr), clean_T

    def _mixed(self, clean: Tensor, draw: Draw, mixing: Mixing) -> tuple[Tensor, Tensor]:
        clean_T = mixing.speech(clean, self.frames, draw.start, draw.speed)
        if draw.room is not None:
            clean_T = in_room(clean_T, mixing.rooms[draw.room])
        noise_T = repeated(mixing.noises[draw.noise], self.frames, draw.noise_start)
        gain = 10 ** (draw.gain / 20)
        return remixed(clean_T, noise_T, draw.snr) * gain, clean_T * gain


def _noise(pair: Pair, frames: int, start: float) -> Tensor:
    """A segment (frames,) of the pair's noise, from anywhere and repeated where it is too short."""
    if len(pair.clean) >= frames:
        return cut(pair.noisy, frames, start) - cut(pair.clean, frames, start)
    return repeated(pair.noisy - pair.clean, frames, start)


def _picked(share: float, count: int) -> int:
    """Which of ``count`` things a number in [0, 1) picks."""
    return min(count - 1, int(share * count))
