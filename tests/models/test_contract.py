"""What every model of the family must do; a new file in it is tested without an edit here."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from sweeper import families

TINY_DPRNN: dict[str, Any] = {"bottleneck": 4, "hidden": 3, "layers": 2}
TINY_UNET: dict[str, Any] = {"levels": 3, "channels": 2}
TINY: dict[str, list[dict[str, Any]]] = {
    "conv_tasnet": [{"n_filters": 8, "bottleneck": 6, "hidden": 7, "layers": 2, "stacks": 2}],
    "dprnn": [
        {**TINY_DPRNN, "n_filters": 8, "kernel_size": 4},
        {**TINY_DPRNN, "kernel_size": 2, "mask": "relu", "rnn": "gru", "dropout": 0.5},
        {**TINY_DPRNN, "encoder": "stft", "n_fft": 32},
        {**TINY_DPRNN, "encoder": "stft", "n_fft": 30, "hop": 15, "chunk": 6},
    ],
    "wave_unet": [
        TINY_UNET,
        {**TINY_UNET, "norm": "batch", "output": "difference"},
        {**TINY_UNET, "channels": 8, "norm": "group", "bottleneck": 3},
    ],
}
"""Options that make a model small; a model that is not here is tested as it comes."""
VARIANTS = [
    pytest.param(name, options, id=f"{name}-{number}")
    for name in families.member_names("models")
    for number, options in enumerate(TINY.get(name, [{}]))
]
every_model = pytest.mark.parametrize(("name", "options"), VARIANTS)


def build(name: str, options: dict[str, Any]) -> nn.Module:
    torch.manual_seed(0)
    model = families.load("models", name)(**options)
    assert isinstance(model, nn.Module)
    return model


def noise(batch: int, time: int) -> Tensor:
    return 0.1 * torch.randn(batch, time, generator=torch.Generator().manual_seed(time))


@pytest.mark.parametrize("name", families.member_names("models"))
def test_all_options_have_defaults(name: str) -> None:
    families.options(families.load("models", name))()


@every_model
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("time", [1, 2, 7, 128, 1601])
def test_estimate_has_the_shape_of_the_input(
    name: str, options: dict[str, Any], batch: int, time: int
) -> None:
    model = build(name, options)
    for mode in (True, False):
        estimate = model.train(mode)(noise(batch, time))
        assert estimate.shape == (batch, time)
        assert estimate.dtype == torch.float32
        assert estimate.isfinite().all()


@every_model
def test_gradient_reaches_every_parameter(name: str, options: dict[str, Any]) -> None:
    model = build(name, options)
    (model(noise(2, 999)) * noise(2, 999)).sum().backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.isfinite().all(), parameter_name
        assert parameter.grad.any(), parameter_name


@every_model
def test_silence_gives_finite_gradients(name: str, options: dict[str, Any]) -> None:
    model = build(name, options)
    estimate = model(torch.zeros(2, 500))
    assert estimate.isfinite().all()
    estimate.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@every_model
def test_evaluation_treats_each_item_alone(name: str, options: dict[str, Any]) -> None:
    model = build(name, options).eval()
    noisy = noise(3, 700)
    with torch.no_grad():
        together = model(noisy)
        alone = torch.cat([model(item) for item in noisy.split(1)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-6)
    assert torch.equal(together, model(noisy))


@every_model
def test_weights_travel_without_pickle(name: str, options: dict[str, Any]) -> None:
    model = build(name, options)
    model(noise(2, 700))  # running averages belong to the weights
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    torch.manual_seed(1)
    other = families.load("models", name)(**options)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(model.eval()(noise(2, 700)), other.eval()(noise(2, 700)))


@every_model
def test_autocast_still_gives_float32(name: str, options: dict[str, Any]) -> None:
    model = build(name, options).eval()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        estimate = model(noise(2, 700))
    assert estimate.dtype == torch.float32
    torch.testing.assert_close(estimate, model(noise(2, 700)), rtol=0.2, atol=0.02)


@every_model
def test_input_need_not_be_contiguous(name: str, options: dict[str, Any]) -> None:
    model = build(name, options).eval()
    strided = noise(2, 600).repeat_interleave(2, dim=1)[:, ::2]
    torch.testing.assert_close(model(strided), model(noise(2, 600)))


@every_model
def test_a_few_steps_make_it_better(name: str, options: dict[str, Any]) -> None:
    model = build(name, {k: v for k, v in options.items() if k != "dropout"})
    clean = torch.sin(torch.arange(1600) / 8).expand(2, -1) / 2
    noisy = clean + 3 * noise(2, 1600)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    errors = []
    for _ in range(20):
        optimizer.zero_grad()
        error = (model(noisy) - clean).square().mean()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    assert errors[-1] < 0.8 * errors[0]
