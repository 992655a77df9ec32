from __future__ import annotations

import pytest
import torch

from sweeper.losses._weighted import build
from sweeper.losses.l1 import L1Loss
from sweeper.losses.multi_resolution_stft import MultiResolutionStftLoss

CLEAN, ESTIMATE = torch.randn(2, 3, 2000)


def test_is_the_weighted_sum() -> None:
    loss = build({"l1": {"weight": 2.0}, "multi_resolution_stft": {"weight": 0.1, "n_fft": 256}})
    expected = 2 * L1Loss()(ESTIMATE, CLEAN)
    expected += 0.1 * MultiResolutionStftLoss(n_fft=256)(ESTIMATE, CLEAN)
    torch.testing.assert_close(loss(ESTIMATE, CLEAN), expected)


def test_weight_defaults_to_one() -> None:
    torch.testing.assert_close(build({"l1": {}})(ESTIMATE, CLEAN), L1Loss()(ESTIMATE, CLEAN))


def test_a_loss_of_ones_own_is_a_dotted_name() -> None:
    loss = build({"torch.nn:MSELoss": {"weight": 0.5, "reduction": "sum"}})
    torch.testing.assert_close(loss(ESTIMATE, CLEAN), 0.5 * (ESTIMATE - CLEAN).square().sum())


def test_mistakes_are_told() -> None:
    with pytest.raises(LookupError, match="'l3'"):
        build({"l3": {}})
    with pytest.raises(TypeError, match="n_fft"):
        build({"l1": {"n_fft": 512}})
    with pytest.raises(ValueError, match="at least one term"):
        build({})
