"""Validation: whole recordings, exactly; the example is the median one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from sweeper.data.corpus import Corpus, Pair
from sweeper.errors import DataError
from sweeper.losses.l1 import L1Loss
from sweeper.losses.si_sdr import SiSdrLoss
from sweeper.metrics.si_sdr import si_sdr
from sweeper.models.dprnn import DPRNN
from sweeper.training.hardware import Precision
from sweeper.training.validation import Validation

CPU = {"precision": Precision("cpu"), "device": torch.device("cpu")}


def one_by_one(model: nn.Module, loss: nn.Module, corpus: Corpus) -> tuple[float, float]:
    model.eval()
    with torch.no_grad():
        rows = [(model(p.noisy[None]), p.clean[None]) for p in corpus.valid]
    losses = [loss(estimate, clean).item() for estimate, clean in rows]
    measured = [si_sdr(estimate, clean).item() for estimate, clean in rows]
    return sum(losses) / len(rows), sum(measured) / len(rows)


@pytest.mark.parametrize("batch_frames", [1, 2400, 4800, 10**6])
@pytest.mark.parametrize("loss", [SiSdrLoss(), L1Loss()], ids=["si_sdr", "l1"])
def test_batching_does_not_change_what_is_measured(
    corpus: Corpus, batch_frames: int, loss: nn.Module
) -> None:
    torch.manual_seed(0)
    # its norms and its backward RNN would both notice padding
    model = DPRNN(n_filters=8, bottleneck=8, hidden=8, layers=1, dropout=0.5)
    measured = Validation(corpus.valid, batch_frames).measure(model, loss, **CPU)
    val_loss, val_si_sdr = one_by_one(model, loss, corpus)
    assert measured["val_loss"] == pytest.approx(val_loss, abs=1e-5)
    assert measured["val_si_sdr"] == pytest.approx(val_si_sdr, abs=1e-4)


class Widths(nn.Module):
    """Gives its input back and remembers the shapes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, ...]] = []

    def forward(self, noisy: Tensor) -> Tensor:
        self.seen.append(tuple(noisy.shape))
        return noisy


@pytest.mark.parametrize(
    ("batch_frames", "shapes"),
    [(4800, [(2, 2400), (1, 3000)]), (4799, [(1, 2400), (1, 2400), (1, 3000)])],
)
def test_only_equal_lengths_share_a_batch_and_only_as_far_as_allowed(
    corpus: Corpus, batch_frames: int, shapes: list[tuple[int, int]]
) -> None:
    model, calls = Widths(), []
    measured = Validation(corpus.valid, batch_frames).measure(
        model, L1Loss(), between=lambda: calls.append(1), **CPU
    )
    assert model.seen == shapes
    assert len(calls) == len(shapes)
    assert measured["val_si_sdr_improvement"] == pytest.approx(0, abs=1e-9)


def test_the_example_has_the_median_si_sdr_whatever_the_order(corpus: Corpus) -> None:
    levels = sorted(corpus.valid, key=lambda p: si_sdr(p.noisy, p.clean).item())
    assert Validation(corpus.valid, 1).example.id == levels[1].id
    assert Validation(corpus.valid[::-1], 10**6).example.id == levels[1].id


def test_a_recording_without_si_sdr_is_named() -> None:
    good = Pair("good", torch.randn(100), torch.randn(100))
    constant = Pair("constant", torch.randn(100), torch.full((100,), 0.5))
    with pytest.raises(DataError, match="undefined: constant;"):
        Validation([good, constant], 100)
