from __future__ import annotations

import numpy as np
import pytest
import torch

from sweeper import families
from sweeper.losses.multi_resolution_stft import MultiResolutionStftLoss


def magnitudes(signal: np.ndarray, size: int) -> np.ndarray:
    padded = np.pad(signal, size // 2)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    starts = range(0, len(padded) - size + 1, size // 4)
    frames = [np.abs(np.fft.rfft(window * padded[s : s + size])) for s in starts]
    return np.maximum(np.stack(frames), 1e-4)


def slow(estimate: np.ndarray, clean: np.ndarray, n_fft: int) -> float:
    """Yamamoto et al. 2020, equations 2 to 6, for one item."""
    terms = []
    for size in (n_fft // 2, n_fft, 2 * n_fft):
        e, c = magnitudes(estimate, size), magnitudes(clean, size)
        convergence = np.sqrt(((c - e) ** 2).sum()) / np.sqrt((c**2).sum())
        terms.append(convergence + np.abs(np.log(c) - np.log(e)).mean())
    return float(np.mean(terms))


@pytest.mark.parametrize("n_fft", [64, 1024])
@pytest.mark.parametrize("time", [50, 3001])
def test_equals_the_papers_equations(n_fft: int, time: int) -> None:
    clean = 0.1 * torch.randn(1, time)
    estimate = clean + 0.05 * torch.randn(1, time)
    expected = slow(estimate[0].double().numpy(), clean[0].double().numpy(), n_fft)
    value = MultiResolutionStftLoss(n_fft=n_fft)(estimate, clean).item()
    assert value == pytest.approx(expected, rel=1e-4)


def test_default_has_the_papers_frames() -> None:
    assert MultiResolutionStftLoss().sizes == (512, 1024, 2048)


def test_sign_changes_nothing() -> None:
    clean, estimate = torch.randn(2, 2, 3000)
    loss = MultiResolutionStftLoss()
    torch.testing.assert_close(loss(-estimate, clean), loss(estimate, clean))


def test_silent_speech_does_not_swamp_the_batch() -> None:
    clean, estimate = torch.randn(2, 2, 3000)
    clean[1] = 0
    assert MultiResolutionStftLoss()(estimate, clean) < 50


@pytest.mark.parametrize("n_fft", [8, 100])
def test_frames_must_divide(n_fft: int) -> None:
    with pytest.raises(ValueError, match="n_fft"):
        families.options(MultiResolutionStftLoss)(n_fft=n_fft)
