from __future__ import annotations

import pytest
import torch
from torchmetrics.functional.audio import signal_noise_ratio

from sweeper.losses.snr import SnrLoss

torch.manual_seed(0)
CLEAN = 0.1 * torch.randn(4, 8000)
ESTIMATE = CLEAN + 0.05 * torch.randn(4, 8000)


@pytest.mark.parametrize("noise", [0.001, 0.1, 3.0])
def test_equals_torchmetrics(noise: float) -> None:
    estimate = CLEAN + noise * torch.randn(4, 8000)
    expected = signal_noise_ratio(estimate.double(), CLEAN.double()).mean()
    assert SnrLoss()(estimate, CLEAN).item() == pytest.approx(-expected.item(), abs=1e-3)


def test_level_counts() -> None:
    assert SnrLoss()(0.5 * CLEAN, CLEAN).item() == pytest.approx(-6.0206, abs=1e-3)


def test_items_with_silent_speech_are_left_out() -> None:
    clean = CLEAN.clone()
    clean[1] = 0
    kept = [0, 2, 3]
    torch.testing.assert_close(SnrLoss()(ESTIMATE, clean), SnrLoss()(ESTIMATE[kept], CLEAN[kept]))


def test_ceiling() -> None:
    assert SnrLoss(ceiling=20)(CLEAN, CLEAN).item() == -20
