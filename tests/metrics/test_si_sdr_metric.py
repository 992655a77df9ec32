from __future__ import annotations

import pytest
import torch
from torchmetrics.functional.audio import scale_invariant_signal_distortion_ratio

from sweeper.metrics.si_sdr import si_sdr
from sweeper.metrics.si_sdr_improvement import si_sdr_improvement

torch.manual_seed(0)
CLEAN = 0.1 * torch.randn(4, 8000)
NOISE = 0.1 * torch.randn(4, 8000)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_equals_torchmetrics(scale: float) -> None:
    estimate = CLEAN + scale * NOISE + 0.1
    values = si_sdr(estimate, CLEAN)
    expected = scale_invariant_signal_distortion_ratio(
        estimate.double(), CLEAN.double(), zero_mean=True
    )
    assert values.shape == (4,)
    torch.testing.assert_close(values, expected)


def test_noise_of_known_level() -> None:
    """Noise orthogonal to the speech at a tenth of its amplitude is 20 dB down."""
    time = torch.arange(16_000) / 16_000
    tone, other = (torch.sin(2 * torch.pi * f * time) for f in (440, 1000))
    value = si_sdr((3 * tone + 0.3 * other)[None], tone[None])
    assert value.item() == pytest.approx(20, abs=1e-3)


def test_silent_speech_has_no_value() -> None:
    clean = CLEAN.clone()
    clean[0], clean[2] = 0, 0.1
    values = si_sdr(CLEAN + NOISE, clean)
    assert values.isnan().tolist() == [True, False, True, False]
    assert values.nanmean().isfinite()


@pytest.mark.parametrize("constant", [0.0, 1.0, -0.3])
def test_dead_network_is_worse_than_noise(constant: float) -> None:
    dead = si_sdr(torch.full_like(CLEAN, constant), CLEAN)
    torch.testing.assert_close(dead, torch.full((4,), -100.0).double())
    assert (si_sdr(NOISE, CLEAN) > dead).all()


def test_perfect_estimate_is_finite() -> None:
    torch.testing.assert_close(si_sdr(CLEAN, CLEAN), torch.full((4,), 100.0).double())


@pytest.mark.parametrize("level", [1e-6, 1e-3, -1.0, 1e4])
def test_level_of_the_estimate_does_not_matter(level: float) -> None:
    noisy = (CLEAN + NOISE).double()
    torch.testing.assert_close(si_sdr(level * noisy, CLEAN), si_sdr(noisy, CLEAN))


def test_improvement_is_the_difference() -> None:
    gain = si_sdr_improvement(CLEAN + 0.1 * NOISE, CLEAN, CLEAN + NOISE)
    torch.testing.assert_close(gain, torch.full((4,), 20.0).double(), rtol=0, atol=0.5)
    assert not si_sdr_improvement(CLEAN + NOISE, CLEAN, CLEAN + NOISE).any()


def test_one_recording_needs_no_batch() -> None:
    torch.testing.assert_close(
        si_sdr(CLEAN[0] + NOISE[0], CLEAN[0]), si_sdr(CLEAN + NOISE, CLEAN)[0]
    )
