from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from sweeper.data.augmentation import AugmentedBatches, played, stationary
from sweeper.data.batches import Batches
from sweeper.data.corpus import Corpus, Pair

RATE = 8000


def tone(frequency: float, frames: int) -> Tensor:
    return torch.sin(2 * math.pi * frequency * torch.arange(frames) / RATE)


def peak(signal: Tensor) -> float:
    """Frequency (Hz) of the strongest component."""
    spectrum = torch.fft.rfft(signal * torch.hann_window(len(signal))).abs()
    return spectrum.argmax().item() * RATE / len(signal)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    generator = torch.Generator().manual_seed(0)

    def pair(name: str, frames: int) -> Pair:
        clean = 0.1 * tone(300 + 50 * int(name[1]), frames)
        return Pair(name, clean + 0.05 * torch.randn(frames, generator=generator), clean)

    train = tuple(pair(f"t{i}", 3000 + 999 * i) for i in range(5))
    return Corpus("tones", RATE, train, (pair("v0", 4000),), "0" * 64, "made for the test")


def batches(corpus: Corpus, batch_size: int = 4, seed: int = 1) -> AugmentedBatches:
    return AugmentedBatches(Batches(corpus, batch_size, segment=0.5, seed=seed, epoch_seconds=60.0))


def test_batches_have_the_same_shapes_and_number(corpus: Corpus) -> None:
    augmented = batches(corpus)
    found = list(augmented.epoch(1))
    assert len(found) == len(augmented) == 30
    for noisy, clean in found:
        assert noisy.shape == clean.shape == (4, augmented.frames)
        assert noisy.dtype == clean.dtype == torch.float32
        assert noisy.isfinite().all()


def test_an_epoch_comes_out_the_same_again_and_whatever_the_batch_size(corpus: Corpus) -> None:
    def drawn(number: int, **options: int) -> Tensor:
        return torch.cat([noisy for noisy, _ in batches(corpus, **options).epoch(number)])

    assert torch.equal(drawn(2), drawn(2))
    assert torch.equal(drawn(2), drawn(2, batch_size=7))
    assert not torch.equal(drawn(2), drawn(3))
    assert not torch.equal(drawn(2), drawn(2, seed=2))


def test_the_ratio_of_speech_to_noise_stays_as_drawn(corpus: Corpus) -> None:
    augmented = batches(corpus)
    for before, after in zip(augmented.batches.epoch(1), augmented.epoch(1), strict=True):
        drawn, found = (
            10 * torch.log10(clean.square().mean(1) / (noisy - clean).square().mean(1))
            for noisy, clean in (before, after)
        )
        torch.testing.assert_close(found, drawn, rtol=0, atol=0.05)


def test_silent_speech_and_silent_noise_stay_finite(corpus: Corpus) -> None:
    silent = Pair("s", torch.zeros(5000), torch.zeros(5000))
    quiet = Corpus("silence", RATE, (silent,), corpus.valid, "0" * 64, "made for the test")
    for noisy, clean in batches(quiet).epoch(1):
        assert noisy.isfinite().all()
        assert not clean.any()


@pytest.mark.parametrize("seed", range(5))
def test_another_speed_is_another_pitch_within_the_range(seed: int) -> None:
    found = played(tone(1000, 8000), np.random.default_rng(seed), speed=0.15, filtering=0.0)
    assert found.shape == (8000,)
    assert 840 < peak(found) < 1160


def test_unchanged_speed_and_no_filter_change_nothing() -> None:
    signal = torch.randn(6400)
    found = played(signal, np.random.default_rng(0), speed=0.0, filtering=0.0)
    torch.testing.assert_close(found, signal, rtol=0, atol=1e-5)


def test_filters_have_the_strength_that_is_asked_for() -> None:
    random, signal = np.random.default_rng(0), torch.randn(6400)
    before = torch.fft.rfft(signal).abs()
    gains = torch.stack(
        [
            20 * torch.log10(torch.fft.rfft(played(signal, random, 0.0, 4.0)).abs() / before)
            for _ in range(300)
        ]
    )
    assert gains[:, 1].std().item() == pytest.approx(4.0, rel=0.15)  # at a band's own frequency
    assert gains.mean().abs() < 0.3


def test_stationary_noise_has_the_voices_spectrum() -> None:
    voices = [tone(500, 8000) + tone(2000, 8000) for _ in range(4)]
    noise = stationary(voices, np.random.default_rng(0))
    energy = torch.fft.rfft(noise).abs().square()
    near = (energy[470:531].sum() + energy[1970:2031].sum()) / energy.sum()
    assert near > 0.95
    halves = noise.view(2, -1).square().mean(1)
    assert halves.max() / halves.min() < 1.5
