from __future__ import annotations

import copy
import io

import pytest
import torch
from torch import nn

from sweeper.training.averaging import WeightAverage


def moved(model: nn.Module, steps: int, average: WeightAverage) -> list[torch.Tensor]:
    """The weights after each of some steps that add noise."""
    seen = []
    for _ in range(steps):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter))
        average.update(model)
        seen.append(next(model.parameters()).detach().clone())
    return seen


def test_is_the_exponential_average_with_a_short_memory_at_first() -> None:
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    average = WeightAverage(model, 0.9)
    weights = moved(model, 200, average)
    expected = weights[0]  # the weights before the first step do not count
    for step, weight in enumerate(weights[1:], start=1):
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * weight
    torch.testing.assert_close(average.model.weight, expected)
    assert torch.equal(model.weight, weights[-1])


def test_swings_less_than_the_weights() -> None:
    torch.manual_seed(0)
    model, means = nn.Linear(1, 1), []
    average = WeightAverage(model, 0.95)
    for _ in range(400):
        with torch.no_grad():
            model.weight.fill_(1.0).add_(torch.randn(1, 1))
        average.update(model)
        means.append(average.model.weight.item())
    assert torch.tensor(means[100:]).std() < 0.3


def test_running_statistics_are_the_models() -> None:
    model = nn.BatchNorm1d(2)
    average = WeightAverage(model, 0.999)
    for _ in range(3):
        model(torch.randn(8, 2) + 5)
        average.update(model)
    assert torch.equal(average.model.get_buffer("running_mean"), model.running_mean)


@pytest.mark.parametrize("cut", [1, 7])
def test_continues_exactly_from_a_file_without_pickle(cut: int) -> None:
    torch.manual_seed(0)
    model = nn.LSTM(2, 3, bidirectional=True)
    whole = WeightAverage(model, 0.9)
    moved(model, cut, whole)
    file = io.BytesIO()
    torch.save(whole.state_dict(), file)
    file.seek(0)
    twin = copy.deepcopy(model)
    continued = WeightAverage(twin, 0.9)
    continued.load_state_dict(torch.load(file, weights_only=True))
    for network, average in ((model, whole), (twin, continued)):
        torch.manual_seed(1)
        moved(network, 5, average)
    pairs = zip(whole.model.parameters(), continued.model.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
