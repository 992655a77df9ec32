"""A small corpus of tones in noise, and all parts of a training over it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from sweeper.data.batches import Batches
from sweeper.data.corpus import Corpus, Pair
from sweeper.losses.si_sdr import SiSdrLoss
from sweeper.training.accumulation import Accumulation
from sweeper.training.averaging import WeightAverage
from sweeper.training.checkpoint import Checkpoints
from sweeper.training.hardware import Precision
from sweeper.training.loop import Parts
from sweeper.training.members import build
from sweeper.training.optimizers import build_optimizer
from sweeper.training.options import TrainingOptions
from sweeper.training.randomness import seed_everything
from sweeper.training.validation import Validation

RATE = 8000


class Filter(nn.Module):
    """Two convolutions with a dropout between: enough to tell tones from noise."""

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.analyse = nn.Conv1d(1, 8, 33, padding=16)
        self.drop = nn.Dropout(dropout)
        self.synthesise = nn.Conv1d(8, 1, 33, padding=16)

    def forward(self, noisy: Tensor) -> Tensor:
        features = self.analyse(noisy.unsqueeze(1)).tanh()
        return self.synthesise(self.drop(features)).squeeze(1)


def _pair(name: str, frames: int, generator: torch.Generator) -> Pair:
    pitch, noise_level = torch.rand(2, generator=generator).tolist()
    time = torch.arange(frames) / RATE
    clean = 0.3 * torch.sin(2 * math.pi * (200 + 200 * pitch) * time)
    noise = torch.randn(frames, generator=generator)
    return Pair(name, clean + (0.1 + 0.2 * noise_level) * noise, clean)


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    generator = torch.Generator().manual_seed(0)
    train = [_pair(f"t{i}", 2000 + 700 * i, generator) for i in range(4)]
    valid = [_pair(f"v{i}", frames, generator) for i, frames in enumerate((2400, 3000, 2400))]
    return Corpus("tones", RATE, tuple(train), tuple(valid), "0" * 64, "made for the test")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def make_parts(corpus: Corpus, tmp_path: Path) -> Callable[..., Parts]:
    """Fresh parts, as a new process would make them; what is not said is small and quick."""

    def make(
        folder: str = "trial",
        *,
        model: Callable[[], nn.Module] = Filter,
        seed: int = 3,
        epochs: int = 4,
        deadline: float | None = None,
        on_best: Callable[[Any], None] = lambda _: None,
        **options: Any,
    ) -> Parts:
        given = {"batch_size": 3, "segment": 0.2, "lr": 1e-2, "epochs": epochs, **options}
        training = TrainingOptions.model_validate(given)
        (tmp_path / folder).mkdir(exist_ok=True)
        seed_everything(seed, epoch=0)
        net = model()
        optimizer = build_optimizer(net, training)
        return Parts(
            model=net,
            loss=SiSdrLoss(),
            optimizer=optimizer,
            schedule=build("schedules", training.schedule, optimizer, epochs),
            batches=Batches(corpus, training.batch_size, training.segment, seed),
            validation=Validation(corpus.valid, 4800),
            checkpoints=Checkpoints(tmp_path / folder),
            options=training,
            precision=Precision("cpu"),
            device=torch.device("cpu"),
            epochs=epochs,
            metric="val_si_sdr",
            direction="maximize",
            seed=seed,
            on_best=on_best,
            deadline=deadline,
            average=WeightAverage(net, training.ema) if training.ema else None,
            accumulation=Accumulation(training.micro_batch_size),
        )

    return make
