from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from sweeper.errors import ModelError
from sweeper.training.contract import checked, try_out

NOISY = torch.randn(2, 400)


class Gives(nn.Module):
    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, noisy: Tensor) -> object:
        return self.answer


class WantsChannels(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv1d(1, 1, 3)

    def forward(self, noisy: Tensor) -> Tensor:
        estimate: Tensor = self.layer(noisy)
        return estimate


def test_an_estimate_of_the_inputs_shape_passes() -> None:
    for dtype in (torch.float32, torch.bfloat16, torch.float64):
        estimate = NOISY.to(dtype)
        assert checked(estimate, NOISY, Gives(None)) is estimate


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (NOISY[:, None], r"shape \(2, 1, 400\)"),
        (NOISY[:, :-1], r"shape \(2, 399\)"),
        (NOISY[:1], r"shape \(1, 400\)"),
        (NOISY.mean(), r"shape \(\)"),
        ((NOISY, NOISY), "a tuple"),
        (None, "a NoneType"),
        (NOISY.to(torch.cfloat), r"values of torch.complex64"),
        (NOISY.long(), r"values of torch.int64"),
    ],
)
def test_anything_else_is_named_with_what_is_wanted(answer: object, found: str) -> None:
    message = (
        rf"Gives gave {found} for an input of shape \(2, 400\); a model takes .*\(batch, time\)"
    )
    with pytest.raises(ModelError, match=message):
        checked(answer, NOISY, Gives(None))
    with pytest.raises(ModelError, match="Gives gave"):
        try_out(Gives(answer), 400)


def test_a_model_that_wants_channels_is_told_the_shape() -> None:
    with pytest.raises(
        ModelError, match=r"WantsChannels fails on .*\(2, 400\): RuntimeError: .*no"
    ):
        try_out(WantsChannels(), 400)


def test_trying_out_draws_no_random_numbers_and_moves_no_statistics() -> None:
    model = nn.Sequential(nn.Unflatten(1, (1, -1)), nn.BatchNorm1d(1), nn.Flatten())
    before = torch.random.get_rng_state(), {k: v.clone() for k, v in model.state_dict().items()}
    try_out(model, 400)
    assert torch.equal(before[0], torch.random.get_rng_state())
    assert all(torch.equal(v, before[1][k]) for k, v in model.state_dict().items())
