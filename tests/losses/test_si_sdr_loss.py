from __future__ import annotations

import pytest
import torch
from torchmetrics.functional.audio import scale_invariant_signal_distortion_ratio

from sweeper.losses.si_sdr import SiSdrLoss

torch.manual_seed(0)
CLEAN = 0.1 * torch.randn(4, 8000)
ESTIMATE = CLEAN + 0.05 * torch.randn(4, 8000)


@pytest.mark.parametrize("noise", [0.001, 0.1, 3.0])
def test_equals_torchmetrics(noise: float) -> None:
    estimate = CLEAN + noise * torch.randn(4, 8000) + 0.2
    expected = scale_invariant_signal_distortion_ratio(
        estimate.double(), CLEAN.double(), zero_mean=True
    ).mean()
    assert SiSdrLoss()(estimate, CLEAN).item() == pytest.approx(-expected.item(), abs=1e-3)


@pytest.mark.parametrize("changed", [2.5 * ESTIMATE, -ESTIMATE, ESTIMATE + 0.3, 0.01 * ESTIMATE])
def test_level_sign_and_offset_of_the_estimate_change_nothing(changed: torch.Tensor) -> None:
    torch.testing.assert_close(
        SiSdrLoss()(changed, CLEAN), SiSdrLoss()(ESTIMATE, CLEAN), rtol=1e-3, atol=1e-3
    )


def test_items_with_silent_speech_are_left_out() -> None:
    clean = CLEAN.clone()
    clean[1] = 0.2  # a constant is silence, too
    kept = [0, 2, 3]
    torch.testing.assert_close(
        SiSdrLoss()(ESTIMATE, clean), SiSdrLoss()(ESTIMATE[kept], CLEAN[kept])
    )


def test_above_the_ceiling_nothing_pulls() -> None:
    estimate = torch.stack((CLEAN[0] + 0.001 * CLEAN[1], CLEAN[1] + CLEAN[2])).requires_grad_()
    value = SiSdrLoss(ceiling=30)(estimate, CLEAN[:2])
    value.backward()
    poor = SiSdrLoss()(estimate[1:], CLEAN[1:2])
    torch.testing.assert_close(value, (-30 + poor) / 2)
    assert estimate.grad is not None
    assert not estimate.grad[0].any()
    assert estimate.grad[1].any()
