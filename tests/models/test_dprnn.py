"""DPRNN against the published sizes, and against its equations written out slowly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from sweeper.models._frontend import LearnedFrontEnd, StftFrontEnd
from sweeper.models.dprnn import DPRNN


@pytest.mark.parametrize(
    ("options", "millions"),
    [
        ({}, "2.606"),
        ({"bottleneck": 128}, "3.636"),
        ({"rnn": "gru"}, "2.010"),
        ({"n_filters": 32, "bottleneck": 32, "hidden": 32, "layers": 2}, "0.082"),
    ],
)
def test_published_parameter_counts(options: dict[str, Any], millions: str) -> None:
    count = sum(p.numel() for p in DPRNN(**options).parameters())
    assert f"{count / 1e6:.3f}" == millions


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_fft": 512}, "'learned' has no option n_fft"),
        ({"hop": 128}, "'learned' has no option hop"),
        ({"encoder": "stft", "n_filters": 64}, "'stft' has no option n_filters"),
        ({"encoder": "stft", "kernel_size": 2, "mask": "relu"}, "option kernel_size, mask"),
        ({"encoder": "stft", "n_fft": 512, "hop": 257}, "hop=257, n_fft=512"),
        ({"encoder": "stft", "n_fft": 511}, "n_fft must be even"),
        ({"kernel_size": 5}, "kernel_size must be even"),
        ({"chunk": 9}, "chunk must be even"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DPRNN(**options)


@pytest.mark.parametrize("encoder", ["learned", "stft"])
def test_estimate_follows_the_level_of_the_input(encoder: Any) -> None:
    model = DPRNN(encoder=encoder, bottleneck=8, hidden=8, layers=2).eval()
    noisy = 0.1 * torch.randn(1, 4000)
    torch.testing.assert_close(10 * model(0.1 * noisy), model(noisy), rtol=1e-2, atol=1e-4)


@pytest.mark.parametrize(("n_fft", "hop"), [(512, 128), (512, 256), (256, 100), (6, 1)])
@pytest.mark.parametrize("length", [1, 5, 1000])
def test_stft_with_scores_of_zero_is_the_identity(n_fft: int, hop: int, length: int) -> None:
    front_end = StftFrontEnd(n_fft, hop)
    wave = torch.randn(2, length)
    spectrum = front_end.analyse(wave)
    zeros = torch.view_as_real(torch.zeros_like(spectrum)).flatten(2)
    unchanged = front_end.mask(spectrum, zeros)
    torch.testing.assert_close(front_end.synthesise(unchanged, length), wave, rtol=0, atol=2e-6)


@pytest.mark.parametrize("hop", [128, 256])
def test_stft_does_not_blow_up_errors_at_the_ends(hop: int) -> None:
    """White errors in the spectrum give errors of one size from the first to the last sample."""
    front_end = StftFrontEnd(512, hop)
    silence = front_end.analyse(torch.zeros(200, 1151))
    errors = torch.randn(silence.shape, dtype=torch.cfloat, generator=torch.manual_seed(0))
    power = front_end.synthesise(errors, 1151).square().mean(dim=0)
    assert power.max() / power.median() < 3


@pytest.mark.parametrize("length", [1, 5, 1000])
def test_learned_front_end_starts_as_the_identity(length: int) -> None:
    front_end = LearnedFrontEnd(20, 16, "sigmoid")
    wave = torch.randn(2, length)
    half = front_end.mask(front_end.analyse(wave), torch.zeros(()))
    torch.testing.assert_close(front_end.synthesise(half, length), wave, rtol=0, atol=2e-6)


def test_stft_mask_is_a_complex_product() -> None:
    front_end = StftFrontEnd(8, 4)
    spectrum = front_end.analyse(torch.randn(1, 20))
    quarter_turn = torch.tensor([-1.0, 1.0]).repeat(*spectrum.shape)  # 1 is added
    torch.testing.assert_close(front_end.mask(spectrum, quarter_turn), 1j * spectrum)


# The equations of the paper, one sequence and one step at a time.


def sigmoid(x: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-x))


def lstm_step(gates_x: Tensor, gates_h: Tensor, state: tuple[Tensor, Tensor]) -> Any:
    i, f, g, o = (gates_x + gates_h).chunk(4)
    cell = sigmoid(f) * state[1] + sigmoid(i) * torch.tanh(g)
    return sigmoid(o) * torch.tanh(cell), cell


def gru_step(gates_x: Tensor, gates_h: Tensor, state: tuple[Tensor, Tensor]) -> Any:
    (rx, zx, nx), (rh, zh, nh) = gates_x.chunk(3), gates_h.chunk(3)
    update = sigmoid(zx + zh)
    new = torch.tanh(nx + sigmoid(rx + rh) * nh)
    return (1 - update) * new + update * state[0], state[1]


def rnn_direction(rnn: nn.RNNBase, x: Tensor, suffix: str) -> Tensor:
    w_x, w_h, b_x, b_h = (
        getattr(rnn, f"{kind}_l0{suffix}")
        for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    step = lstm_step if rnn.mode == "LSTM" else gru_step
    state = (torch.zeros(rnn.hidden_size), torch.zeros(rnn.hidden_size))
    outputs = []
    for x_t in x:
        state = step(w_x @ x_t + b_x, w_h @ state[0] + b_h, state)
        outputs.append(state[0])
    return torch.stack(outputs)


def bidirectional(rnn: nn.RNNBase, x: Tensor) -> Tensor:
    backward = rnn_direction(rnn, x.flip(0), "_reverse").flip(0)
    return torch.cat((rnn_direction(rnn, x, ""), backward), dim=1)


def global_layer_norm(norm: Any, x: Tensor) -> Tensor:
    return (x - x.mean()) / torch.sqrt(x.var(correction=0) + 1e-8) * norm.weight + norm.bias


def path(part: Any, sequences: list[Tensor]) -> list[Tensor]:
    updates = [
        bidirectional(part.rnn, x) @ part.linear.weight.T + part.linear.bias for x in sequences
    ]
    return [
        x + u
        for x, u in zip(sequences, global_layer_norm(part.norm, torch.stack(updates)), strict=True)
    ]


def masker_scores(masker: Any, features: Tensor, size: int) -> Tensor:
    """Scores (frames, channels) of one item's features (frames, channels)."""
    frames, hop = len(features), size // 2
    w = global_layer_norm(masker.norm, features) @ masker.bottleneck.weight.T
    w = w + masker.bottleneck.bias
    starts = range(-hop, frames, hop)
    chunks = [
        torch.stack([w[i] if 0 <= i < frames else 0 * w[0] for i in range(s, s + size)])
        for s in starts
    ]
    for block in masker.blocks:
        chunks = path(block.intra, chunks)
        across = path(block.inter, [torch.stack([c[k] for c in chunks]) for k in range(size)])
        chunks = [torch.stack([a[s] for a in across]) for s in range(len(chunks))]
    total = torch.zeros_like(w)
    for start, part in zip(starts, chunks, strict=True):
        rectified = torch.where(part > 0, part, masker.prelu.weight * part)
        mapped = rectified @ masker.output.weight.T + masker.output.bias
        for k in range(size):
            if 0 <= start + k < frames:
                total[start + k] += mapped[k]
    value = torch.tanh(total @ masker.value.weight.T + masker.value.bias)
    gate = sigmoid(total @ masker.gate.weight.T + masker.gate.bias)
    return (value * gate) @ masker.score.weight.T


@torch.no_grad()
@pytest.mark.parametrize("rnn", ["lstm", "gru"])
@pytest.mark.parametrize("mask", ["sigmoid", "relu"])
def test_learned_model_is_the_papers_equations(rnn: Any, mask: Any) -> None:
    model = DPRNN(
        n_filters=7, kernel_size=4, bottleneck=6, hidden=5, layers=2, chunk=6, rnn=rnn, mask=mask
    )
    _unsettle(model)
    front_end = model.front_end
    assert isinstance(front_end, LearnedFrontEnd)
    noisy = torch.randn(1, 45)
    padded = functional.pad(noisy, (2, 3))[:, None]
    filters = functional.conv1d(padded, front_end.encoder.weight[:, None], stride=2)[0].T
    scores = masker_scores(model.masker, filters, 6)
    weights = sigmoid(scores) if mask == "sigmoid" else scores.clamp(min=0)
    basis = front_end.decoder.weight.T[:, None]
    expected = functional.conv_transpose1d((filters * weights).T[None], basis, stride=2)
    torch.testing.assert_close(model(noisy), expected[0, :, 2:47], rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_stft_model_is_the_papers_equations() -> None:
    model = DPRNN(encoder="stft", n_fft=8, bottleneck=6, hidden=5, layers=2)
    _unsettle(model)
    noisy = torch.randn(1, 45)
    window = np.sin(np.pi * np.arange(8) / 8)
    padded = np.pad(noisy[0].numpy(), (4, 4 + 1))
    starts = range(0, len(padded) - 7, 2)
    spectra = np.stack([np.fft.rfft(window * padded[s : s + 8]) for s in starts])
    parts = np.stack((spectra.real, spectra.imag), axis=-1).reshape(len(spectra), -1)
    features = torch.from_numpy(np.concatenate((parts, abs(spectra)), axis=1)).float()
    scores = masker_scores(model.masker, features, 2 * round(math.sqrt(2 * len(starts)) / 2))
    masked = spectra * (1 + scores[:, ::2] + 1j * scores[:, 1::2]).numpy()
    summed, weight = np.zeros(len(padded)), np.zeros(len(padded))
    for start, spectrum in zip(starts, masked, strict=True):
        summed[start : start + 8] += window * np.fft.irfft(spectrum)
        weight[start : start + 8] += window**2
    expected = torch.from_numpy(summed[4:49] / weight[4:49]).float()
    torch.testing.assert_close(model(noisy)[0], expected, rtol=1e-5, atol=1e-5)


def _unsettle(model: nn.Module) -> None:
    """Move weights away from their initial values, so that no gain of one or bias of zero hides."""
    for parameter in model.parameters():
        parameter.add_(0.3 * torch.randn_like(parameter))
