"""Training batches: random segments, drawn so that an epoch can be drawn again alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweeper.data.corpus import Corpus, Pair

__all__ = ["Batches", "Draw", "remixed"]

_SILENT = 1e-9
"""Mean power (-90 dB full scale) below which speech or noise is silent and has no SNR."""

_SPEECH, _NOISE, _DETAILS = range(3)  # independent streams of random numbers


@dataclass(frozen=True, slots=True)
class Draw:
    """How one training segment comes about.

    Attributes:
        speech: index of the training pair that speaks.
        start: where its segment starts, as a share [0, 1) of the possible positions.
        noise: index of the training pair whose noise is mixed in (remix only).
        noise_start: where the noise's segment starts, as a share [0, 1).
        snr: ratio of speech to noise in the segment, in dB (remix only).
    """

    speech: int
    start: float
    noise: int
    noise_start: float
    snr: float


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
        return [
            Draw(speech, start[i], noise, noise_start[i], low + (high - low) * level[i])
            for i, (speech, noise) in enumerate(
                zip(self._files(_SPEECH, number), self._files(_NOISE, number), strict=True)
            )
        ]

    def _files(self, stream: int, number: int) -> list[int]:
        """Which pairs this epoch takes: its part of an endless row of shuffled passes."""
        count, first = len(self.corpus.train), (number - 1) * self.samples
        passes = range(first // count, (first + self.samples - 1) // count + 1)
        row = [self._shuffled(stream, number_of_pass) for number_of_pass in passes]
        return torch.cat(row)[first % count :][: self.samples].tolist()

    def _shuffled(self, stream: int, number_of_pass: int) -> Tensor:
        generator = self._generator(stream, number_of_pass)
        return torch.randperm(len(self.corpus.train), generator=generator)

    def _generator(self, stream: int, number: int) -> torch.Generator:
        (state,) = np.random.SeedSequence([self.seed, stream, number]).generate_state(1, np.uint64)
        return torch.Generator().manual_seed(int(state))

    def _cut(self, draw: Draw) -> tuple[Tensor, Tensor]:
        pair = self.corpus.train[draw.speech]
        part = _part(len(pair.clean), self.frames, draw.start)
        clean_T = _padded(pair.clean[part], self.frames)
        if not self.remix:
            return _padded(pair.noisy[part], self.frames), clean_T
        noise_T = _noise(self.corpus.train[draw.noise], self.frames, draw.noise_start)
        return remixed(clean_T, noise_T, draw.snr), clean_T


def _part(total: int, frames: int, start: float) -> slice:
    """The segment of ``frames`` out of ``total`` that a ``start`` in [0, 1) means."""
    first = int(start * (max(0, total - frames) + 1))
    return slice(first, first + frames)


def _padded(waveform: Tensor, frames: int) -> Tensor:
    return pad(waveform, (0, frames - len(waveform)))


def _noise(pair: Pair, frames: int, start: float) -> Tensor:
    """A segment (frames,) of the pair's noise, from anywhere and repeated where it is too short."""
    total = len(pair.clean)
    if total >= frames:
        part = _part(total, frames, start)
        return pair.noisy[part] - pair.clean[part]
    noise_T = (pair.noisy - pair.clean).roll(-int(start * total))
    return noise_T.repeat(math.ceil(frames / total))[:frames]


def remixed(clean: Tensor, noise: Tensor, snr: float) -> Tensor:
    """``clean`` plus ``noise``, both (time,), the noise scaled to ``snr`` dB below the speech.

    Where speech or noise is silent no scale gives that ratio, and the noise is added as it is.
    """
    speech_power, noise_power = clean.square().mean().item(), noise.square().mean().item()
    if min(speech_power, noise_power) < _SILENT:
        return clean + noise
    return clean + noise * math.sqrt(speech_power / noise_power * 10 ** (-snr / 10))
