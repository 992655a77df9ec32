"""Recordings for the tests of data sets: made ones, and real ones where they are at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from sweeper.data import audio

RATE = 16000


@pytest.fixture
def record() -> Callable[..., None]:
    """``record(noisy_path, clean_path)`` writes a pair of short files, another one each time."""
    generator = torch.Generator().manual_seed(0)

    def write(noisy: Path, clean: Path, frames: int = 400, sample_rate: int = RATE) -> None:
        speech, noise = torch.randn(2, frames, generator=generator) / 20
        audio.write(noisy, speech + noise, sample_rate)
        audio.write(clean, speech, sample_rate)

    return write
