"""Small learning problems of three kinds, drawn from a seed; a training of one takes a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sweeper.metrics.si_sdr import si_sdr

__all__ = ["FAMILIES", "Problem", "draw_problem"]

_INPUTS = 16
_FRAMES = 32
_NOTES = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """What is learned.

    Attributes:
        sample: inputs and targets, ``noise`` times as noisy as the problem is, drawn with a
            generator.
        model: a new network, its width multiplied.
        loss: mean loss of outputs and targets; that of `denoise` is in dB and negative.
        batch_size: of the training.
        optimizer: ``adam`` or ``sgd``.
        clip: largest norm of the gradient, None for any.
    """

    family: str
    sample: Callable[[int, torch.Generator, float], tuple[Tensor, Tensor]]
    model: Callable[[int], nn.Module]
    loss: Callable[[Tensor, Tensor], Tensor]
    batch_size: int
    optimizer: str
    clip: float | None


def draw_problem(family: str, seed: int) -> Problem:
    """The problem of this kind with this seed."""
    draw = torch.Generator().manual_seed(seed)
    sample, model, loss = FAMILIES[family](draw)
    return Problem(
        family,
        sample,
        model,
        loss,
        batch_size=_choice(draw, (8, 16)),
        optimizer=_choice(draw, ("adam", "adam", "sgd")),
        clip=_choice(draw, (None, 5.0)),
    )


def _choice(draw: torch.Generator, values: Sequence[Any]) -> Any:
    return values[int(torch.randint(len(values), (), generator=draw))]


def _teacher(draw: torch.Generator, outputs: int) -> Callable[[Tensor], Tensor]:
    first = torch.randn(_INPUTS, 12, generator=draw) / _INPUTS**0.5
    second = torch.randn(12, outputs, generator=draw) / 12**0.5
    return lambda x: 6 * torch.tanh(x @ first / 2) @ second


def _mlp(inputs: int, outputs: int) -> Callable[[int], nn.Module]:
    def build(width: int) -> nn.Module:
        hidden = 32 * width
        return nn.Sequential(
            nn.Linear(inputs, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, outputs),
        )

    return build


def _classify(draw: torch.Generator) -> tuple[Callable, Callable, Callable]:
    """Classes of a random network, some of the labels wrong; cross entropy."""
    classes = 2 + int(torch.randint(6, (), generator=draw))
    teacher = _teacher(draw, classes)
    wrong = 0.05 + 0.1 * float(torch.rand((), generator=draw))

    def sample(n: int, rng: torch.Generator, noise: float) -> tuple[Tensor, Tensor]:
        x = torch.randn(n, _INPUTS, generator=rng)
        labels = teacher(x).argmax(1)
        flipped = torch.rand(n, generator=rng) < min(0.6, wrong * noise)
        return x, torch.where(flipped, torch.randint(classes, (n,), generator=rng), labels)

    return sample, _mlp(_INPUTS, classes), nn.functional.cross_entropy


def _regress(draw: torch.Generator) -> tuple[Callable, Callable, Callable]:
    """The noisy output of a random network; mean squared error."""
    teacher = _teacher(draw, 2)
    sd = 0.5 + 1.5 * float(torch.rand((), generator=draw))

    def sample(n: int, rng: torch.Generator, noise: float) -> tuple[Tensor, Tensor]:
        x = torch.randn(n, _INPUTS, generator=rng)
        return x, teacher(x) + sd * noise * torch.randn(n, 2, generator=rng)

    return sample, _mlp(_INPUTS, 2), nn.functional.mse_loss


class _Residual(nn.Module):
    """The input and a correction: an untrained one gives about what it gets."""

    def __init__(self, correction: nn.Module) -> None:
        super().__init__()
        self._correction = correction

    def forward(self, noisy: Tensor) -> Tensor:
        return noisy + self._correction(noisy)


def _denoise(draw: torch.Generator) -> tuple[Callable, Callable, Callable]:
    """Chords of a few notes under white noise; negative SI-SDR in dB, as speech is trained."""
    notes = 0.03 + 0.2 * torch.rand(_NOTES, generator=draw)
    level = 0.5 + 0.3 * float(torch.rand((), generator=draw))

    def sample(n: int, rng: torch.Generator, noise: float) -> tuple[Tensor, Tensor]:
        played = torch.rand(n, _NOTES, generator=rng) * (torch.rand(n, _NOTES, generator=rng) < 0.5)
        played[:, 0] += 0.3
        phase = 2 * torch.pi * torch.rand(n, _NOTES, 1, generator=rng)
        time = torch.arange(_FRAMES)
        waves = torch.sin(2 * torch.pi * notes[:, None] * time + phase)
        clean = (played[:, :, None] * waves).sum(1)
        return clean + level * noise * torch.randn(n, _FRAMES, generator=rng), clean

    build = _mlp(_FRAMES, _FRAMES)

    def model(width: int) -> nn.Module:
        return _Residual(build(width))

    return sample, model, lambda estimate, clean: -si_sdr(estimate, clean).mean()


FAMILIES: dict[str, Callable[[torch.Generator], tuple[Callable, Callable, Callable]]] = {
    "classify": _classify,
    "regress": _regress,
    "denoise": _denoise,
}
