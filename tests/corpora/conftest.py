"""Folders of recordings for the commands on data sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from sweeper.data import audio, store

RATE = 16000
Record = Callable[..., None]


@pytest.fixture(autouse=True)
def kept_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(store.ENVIRONMENT, str(tmp_path / "cache"))
    return tmp_path / "cache" / "audio"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight pairs of speakers a and b, as for data set ``pairs``."""
    generator = torch.Generator().manual_seed(0)
    for number in range(8):
        speech, noise = torch.randn(2, 1600 + number, generator=generator) / 20
        name = f"{'ab'[number % 2]}_{number}.wav"
        audio.write(tmp_path / "set" / "clean" / name, speech, RATE)
        audio.write(tmp_path / "set" / "noisy" / name, speech + noise, RATE)
    return tmp_path / "set"
