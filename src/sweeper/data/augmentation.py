"""Training batches with more variety than the corpus has: other speeds, filters and noises."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.fft import next_fast_len  # type: ignore[import-untyped]
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweeper.data.batches import Batches

__all__ = ["AugmentedBatches"]

_STREAM = 3  # of random numbers, beside those of Batches
_SPEECH_SPEED, _NOISE_SPEED = 0.15, 0.2
"""Played faster or slower by up to these shares, and so higher or lower."""
_SPEECH_FILTER, _NOISE_FILTER = 2.0, 4.0
"""Random filters: standard deviation of their gains, in dB."""
_BANDS = 9  # gains of a filter; linear between
_BABBLE, _STATIONARY = 0.25, 0.15
"""Shares of segments whose noise is made of training speech."""
_VOICES = (3, 8)  # least and most of a babble
_SECOND_NOISE, _REVERSED = 0.3, 0.3
_SMOOTH = 0.003  # width of the smoothing of a spectrum, as a share of the bandwidth
_TINY = 1e-12


@dataclass(frozen=True)
class AugmentedBatches:
    """Like ``batches``, each segment changed at random; what epoch ``k`` holds never changes.

    A small corpus has few voices and fewer noises, and a network soon knows them by heart. Speech
    and noise of a segment, each on its own, are played at another speed (Ko et al. 2015, "Audio
    augmentation for speech recognition") and pass a smooth random filter. Some noises are turned
    round, some get a second one. Some are replaced by noise that training speech is made into:
    babble of several voices, or stationary noise with the spectrum of speech. The ratio of speech
    to noise of a segment stays as it was drawn.
    """

    batches: Batches

    @property
    def frames(self) -> int:
        """Length of a segment."""
        return self.batches.frames

    @property
    def samples(self) -> int:
        """Training segments per epoch."""
        return self.batches.samples

    def __len__(self) -> int:
        """Batches per epoch."""
        return len(self.batches)

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of epoch ``number`` (from 1): noisy and clean, float32 (batch, time)."""
        drawn = 0
        for noisy, clean in self.batches.epoch(number):
            pairs = [
                self._changed(noisy[i], clean[i], self._generator(number, drawn + i))
                for i in range(len(noisy))
            ]
            drawn += len(noisy)
            yield torch.stack([pair[0] for pair in pairs]), torch.stack([pair[1] for pair in pairs])

    def _generator(self, *numbers: int) -> np.random.Generator:
        """Random numbers of a segment that depend on neither the batch nor other segments."""
        return np.random.default_rng([self.batches.seed, _STREAM, *numbers])

    def _changed(
        self, noisy: Tensor, clean: Tensor, random: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """One segment (time,), changed."""
        noise = noisy - clean
        speech = played(clean, random, _SPEECH_SPEED, _SPEECH_FILTER)
        other = self._noise(noise, random)
        wanted = _power(noise) * _power(speech) / max(_power(clean), _TINY)
        return speech + other * math.sqrt(wanted / max(_power(other), _TINY)), speech

    def _noise(self, noise: Tensor, random: np.random.Generator) -> Tensor:
        kind = random.random()
        if kind < _BABBLE:
            return self._babble(random)
        if kind < _BABBLE + _STATIONARY:
            return stationary([self._voice(random) for _ in range(4)], random)
        changed = played(noise, random, _NOISE_SPEED, _NOISE_FILTER)
        if random.random() < _SECOND_NOISE:
            pair = self.batches.corpus.train[random.integers(len(self.batches.corpus.train))]
            second = played(_somewhere(pair.noisy - pair.clean, self.frames, random), random)
            changed = _levelled(changed) + random.random() * _levelled(second)
        return changed.flip(0) if random.random() < _REVERSED else changed

    def _babble(self, random: np.random.Generator) -> Tensor:
        voices = torch.zeros(self.frames)
        for _ in range(random.integers(*_VOICES, endpoint=True)):
            voices += random.uniform(0.5, 1) * _levelled(self._voice(random))
        return played(voices, random)

    def _voice(self, random: np.random.Generator) -> Tensor:
        """Training speech at some speed; what is made of it need not be clean, so lines will do."""
        pair = self.batches.corpus.train[random.integers(len(self.batches.corpus.train))]
        part = _somewhere(pair.clean, self.frames, random)
        length = round(self.frames / random.uniform(1 - _NOISE_SPEED, 1 + _NOISE_SPEED))
        voice = functional.interpolate(part[None, None], max(1, length), mode="linear")
        return _somewhere(voice[0, 0], self.frames, random)


def played(
    signal: Tensor,
    random: np.random.Generator,
    speed: float = _NOISE_SPEED,
    filtering: float = _NOISE_FILTER,
) -> Tensor:
    """``signal`` (time,) up to ``speed`` faster or slower and filtered; cut or repeated to fit.

    Both happen in the Fourier domain: another speed is another number of bins.
    """
    frames = len(signal)
    spectrum = torch.fft.rfft(signal)
    gains = torch.from_numpy(random.normal(0, filtering, _BANDS)).float()
    decibels = functional.interpolate(
        gains[None, None], len(spectrum), mode="linear", align_corners=True
    )
    spectrum = spectrum * 10 ** (decibels[0, 0] / 20)
    length = next_fast_len(max(2, round(frames / random.uniform(1 - speed, 1 + speed))), real=True)
    return _somewhere(torch.fft.irfft(spectrum, length), frames, random)


def stationary(voices: list[Tensor], random: np.random.Generator) -> Tensor:
    """Noise (time,) with the long-term spectrum of some ``voices`` of that length."""
    magnitudes = torch.stack([torch.fft.rfft(voice).abs() for voice in voices]).mean(0)
    width = 2 * int(_SMOOTH * len(magnitudes)) + 1
    smooth = functional.avg_pool1d(
        magnitudes[None, None], width, 1, width // 2, count_include_pad=False
    )[0, 0]
    phases = torch.from_numpy(random.uniform(-math.pi, math.pi, len(smooth))).float()
    noise: Tensor = torch.fft.irfft(torch.polar(smooth, phases), len(voices[0]))
    return noise


def _somewhere(signal: Tensor, frames: int, random: np.random.Generator) -> Tensor:
    """A segment (frames,) of ``signal``, which is repeated where it is too short."""
    repeated = signal.repeat(math.ceil(frames / len(signal)))
    first = int(random.integers(len(repeated) - frames, endpoint=True))
    return repeated[first : first + frames]


def _power(signal: Tensor) -> float:
    return signal.square().mean().item()


def _levelled(signal: Tensor) -> Tensor:
    return signal / math.sqrt(max(_power(signal), _TINY))
