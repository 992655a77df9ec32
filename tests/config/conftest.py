from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sweeper.config import SweepConfig, load
from sweeper.errors import ConfigError

MINIMAL = """\
model: {name: dprnn, encoder: stft}
data: {name: demo}
training: {epochs: 12}
search_space:
  lr: {type: float, low: 1.0e-4, high: 1.0e-2, log: true}
budget: {trials: 4}
"""

Load = Callable[..., SweepConfig]
Problems = Callable[..., list[str]]


@pytest.fixture
def minimal() -> str:
    return MINIMAL


@pytest.fixture
def load_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load a YAML text as ``sweep.yaml`` in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))  # members of a user's own extend it

    def load_it(text: str, overrides: Sequence[str] = ()) -> SweepConfig:
        Path("sweep.yaml").write_text(text, encoding="utf-8")
        return load("sweep.yaml", overrides)

    return load_it


@pytest.fixture
def problems(load_text: Load) -> Problems:
    """The problems of a YAML text as lines, none where it is right."""

    def find(text: str, overrides: Sequence[str] = ()) -> list[str]:
        try:
            load_text(text, overrides)
        except ConfigError as error:
            return [str(problem) for problem in error.problems]
        return []

    return find
