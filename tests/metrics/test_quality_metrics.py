"""Metrics of recordings: what torchmetrics and the packages say, and no crash on hard cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from sweeper.data import audio
from sweeper.metrics.pesq import pesq
from sweeper.metrics.si_sdr import si_sdr
from sweeper.metrics.stoi import stoi

RATE = 16000
DEMO = Path(__file__).parents[2] / "src" / "sweeper" / "data" / "demo"
VOICEBANK_MINI = Path(__file__).parents[3] / "shared" / "voicebank_mini"


def demo_pair(name: str) -> tuple[Tensor, Tensor]:
    noisy, clean = (
        audio.read(DEMO / kind / f"{name}.flac", RATE).waveform for kind in ("noisy", "clean")
    )
    return noisy, clean


def pairs() -> list[tuple[Tensor, Tensor]]:
    """Real recordings where they are at hand, made ones elsewhere."""
    if not VOICEBANK_MINI.exists():
        return [demo_pair("valid_00"), demo_pair("valid_03")]
    folders = ("noisy_trainset_28spk_wav", "clean_trainset_28spk_wav")
    return [
        tuple(
            audio.read(VOICEBANK_MINI / folder / f"{name}.wav", RATE).waveform for folder in folders
        )
        for name in ("p226_001", "p287_002")
    ]  # type: ignore[misc]


def test_si_sdr_of_recordings_is_that_of_torchmetrics() -> None:
    from torchmetrics.functional.audio import scale_invariant_signal_distortion_ratio as theirs

    for noisy, clean in pairs():
        expected = theirs(noisy.double(), clean.double(), zero_mean=True)
        torch.testing.assert_close(si_sdr(noisy, clean), expected)


def test_stoi_is_that_of_torchmetrics_and_its_package() -> None:
    pystoi = pytest.importorskip("pystoi")
    from torchmetrics.functional.audio.stoi import short_time_objective_intelligibility

    for noisy, clean in pairs():
        found = stoi(noisy, clean, RATE).item()
        assert found == pytest.approx(pystoi.stoi(clean.numpy(), noisy.numpy(), RATE), abs=1e-6)
        theirs = short_time_objective_intelligibility(noisy, clean, RATE).item()
        assert found == pytest.approx(theirs, abs=1e-6)


def test_pesq_is_that_of_torchmetrics_and_its_package() -> None:
    package = pytest.importorskip("pesq")
    from torchmetrics.functional.audio.pesq import perceptual_evaluation_speech_quality

    for noisy, clean in pairs():
        found = pesq(noisy, clean, RATE).item()
        assert found == pytest.approx(package.pesq(RATE, clean.numpy(), noisy.numpy()), abs=1e-6)
        theirs = perceptual_evaluation_speech_quality(noisy, clean, RATE, "wb").item()
        assert found == pytest.approx(theirs, abs=1e-6)


def test_pesq_of_another_rate_is_that_at_16_khz() -> None:
    pytest.importorskip("pesq")
    noisy, clean = demo_pair("valid_00")
    twice = [x.repeat_interleave(2) for x in (noisy, clean)]
    assert pesq(*twice, 2 * RATE).item() == pytest.approx(pesq(noisy, clean, RATE).item(), abs=0.3)


@pytest.mark.parametrize(("measure", "package"), [(stoi, "pystoi"), (pesq, "pesq")])
class TestHardCases:
    def test_a_silent_item_has_no_value_and_spoils_no_other(
        self, measure: Callable[..., Tensor], package: str
    ) -> None:
        pytest.importorskip(package)
        noisy, clean = demo_pair("valid_00")
        silent = torch.zeros_like(clean)
        estimates = torch.stack((noisy, silent, noisy, torch.full_like(noisy, torch.nan)))
        values = measure(estimates, torch.stack((clean, clean, silent, clean)), RATE)
        assert values.isnan().tolist() == [False, True, True, True]
        torch.testing.assert_close(values[0], measure(noisy, clean, RATE))

    @pytest.mark.parametrize("frames", [1, 100, 1600])
    def test_too_short_has_no_value(
        self, measure: Callable[..., Tensor], package: str, frames: int
    ) -> None:
        pytest.importorskip(package)
        noisy, clean = (x[20000 : 20000 + frames] for x in demo_pair("valid_00"))
        assert measure(noisy, clean, RATE).isnan()

    def test_more_noise_is_worse(self, measure: Callable[..., Tensor], package: str) -> None:
        pytest.importorskip(package)
        _, clean = demo_pair("valid_00")
        noise = 0.02 * torch.randn(len(clean), generator=torch.Generator().manual_seed(0))
        values = [measure(clean + gain * noise, clean, RATE).item() for gain in (0.01, 0.3, 3)]
        assert values == sorted(values, reverse=True)
