from __future__ import annotations

import logging

import pytest
import torch
from torch import Tensor, nn, optim

from sweeper.losses.si_sdr import SiSdrLoss
from sweeper.training.accumulation import Accumulation

NOISY, CLEAN = torch.randn(2, 7, 400, generator=torch.Generator().manual_seed(0))


class Holds(nn.Module):
    """A filter on a machine whose memory holds so many segments at once."""

    def __init__(self, most: int = 100, message: str | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.filter = nn.Conv1d(1, 1, 9, padding=4)
        self.most, self.message, self.seen = most, message, []  # type: ignore[var-annotated]

    def forward(self, noisy: Tensor) -> Tensor:
        self.seen.append(len(noisy))
        if len(noisy) > self.most:
            if self.message is None:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            raise RuntimeError(self.message)
        estimate: Tensor = self.filter(noisy[:, None])[:, 0]
        return estimate


def backward(model: Holds, accumulation: Accumulation) -> tuple[float, list[Tensor]]:
    optimizer = optim.SGD(model.parameters(), 0.1)
    loss = accumulation.backward(NOISY, CLEAN, lambda n, c: SiSdrLoss()(model(n), c), optimizer)
    return loss.item(), [p.grad.clone() for p in model.parameters() if p.grad is not None]


def assert_alike(one: list[Tensor], other: list[Tensor]) -> None:
    """Equal but for the rounding of sums in another order."""
    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 50])
def test_the_gradient_is_that_of_the_whole_batch(size: int) -> None:
    model = Holds()
    whole, parts = backward(Holds(), Accumulation()), backward(model, Accumulation(size))
    assert parts[0] == pytest.approx(whole[0], rel=1e-5)
    assert_alike(parts[1], whole[1])
    assert max(model.seen) == min(size, 7)
    assert sum(model.seen) == 7


@pytest.mark.parametrize("message", [None, "DefaultCPUAllocator: can't allocate memory: you tried"])
def test_parts_are_halved_until_they_fit_and_stay_so(
    message: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    model, accumulation = Holds(2, message), Accumulation()
    with caplog.at_level(logging.WARNING, logger="sweeper"):
        found = backward(model, accumulation)
    assert model.seen == [7, 4, 2, 2, 2, 1]
    assert_alike(found[1], backward(Holds(), Accumulation())[1])
    assert accumulation.size == 2
    assert [r.getMessage().split(":")[0] for r in caplog.records] == [
        "out of memory with 7 segments at once",
        "out of memory with 4 segments at once",
    ]
    model.seen.clear()
    backward(model, accumulation)
    assert model.seen == [2, 2, 2, 1]


def test_a_part_that_fails_late_leaves_nothing_of_its_gradient() -> None:
    class Fills(Holds):
        def forward(self, noisy: Tensor) -> Tensor:
            self.most = 1 if len(self.seen) == 1 else 100  # the second part does not fit
            return super().forward(noisy)

    model = Fills()
    found = backward(model, Accumulation(4))
    assert model.seen == [4, 3, 2, 2, 2, 1]
    assert_alike(found[1], backward(Holds(), Accumulation())[1])


def test_one_segment_that_does_not_fit_is_out_of_memory() -> None:
    with pytest.raises(torch.OutOfMemoryError):
        backward(Holds(0), Accumulation())


def test_other_errors_are_not_taken_for_it() -> None:
    model = Holds(3, "mat1 and mat2 shapes cannot be multiplied")
    with pytest.raises(RuntimeError, match="shapes"):
        backward(model, Accumulation())
    assert model.seen == [7]
