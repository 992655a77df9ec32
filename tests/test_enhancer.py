from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from sweeper.enhancer import Enhancer
from sweeper.errors import DataError
from sweeper.metrics.si_sdr import si_sdr
from sweeper.models.dprnn import DPRNN
from sweeper.models.wave_unet import WaveUNet
from sweeper.training import checkpoint

RATE = 8000
MODEL = {"name": "dprnn", "bottleneck": 8, "hidden": 8, "layers": 1, "encoder": "stft"}


class Scaled(nn.Module):
    """Gives its input back, at another level."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self._factor = factor
        self.longest = 0

    def forward(self, noisy: Tensor) -> Tensor:
        self.longest = max(self.longest, noisy.shape[-1])
        return self._factor * noisy


def tone(seconds: float, rate: int, frequency: float = 440.0) -> Tensor:
    time = torch.arange(round(seconds * rate), dtype=torch.float64) / rate
    return (0.3 * torch.sin(2 * torch.pi * frequency * time)).float()


def enhancer(model: nn.Module, rate: int = RATE) -> Enhancer:
    return Enhancer(model.eval(), rate, {})


@pytest.mark.parametrize("factor", [1.0, 0.01, -3.0])
@pytest.mark.parametrize("seconds", [0.05, 4.0, 6.99, 7.0, 7.01, 31.7])
def test_segments_join_without_seams_and_the_level_is_restored(
    factor: float, seconds: float
) -> None:
    """Whatever the level, also upside down; an hour needs no more memory than some seconds."""
    model, noisy = Scaled(factor), tone(seconds, RATE)
    found = enhancer(model)(noisy, RATE)
    torch.testing.assert_close(found, noisy, atol=1e-5, rtol=0)
    assert model.longest < 7.5 * RATE


@pytest.mark.parametrize("rate", [4000, 8000, 11025, 44100, 48000])
def test_any_sample_rate_comes_back_with_every_sample(rate: int) -> None:
    noisy = tone(5.3, rate)
    found = enhancer(Scaled(0.5))(noisy, rate)
    assert found.shape == noisy.shape
    middle = slice(rate // 10, -rate // 10)
    assert si_sdr(found[None, middle], noisy[None, middle]).item() > 30


def test_silence_stays_silent() -> None:
    assert not enhancer(Scaled(0.5))(torch.zeros(10 * RATE), RATE).any()


@pytest.mark.parametrize(
    "model", [DPRNN(encoder="stft", bottleneck=8, hidden=8, layers=1), WaveUNet()]
)
def test_seams_are_no_louder_than_the_rest(model: nn.Module) -> None:
    """The difference to what another cut of the same recording gives has no clicks."""
    torch.manual_seed(0)
    noisy = tone(12.0, RATE) + 0.05 * torch.randn(12 * RATE)
    found = enhancer(model)(noisy, RATE)
    steps = found.diff().abs()
    for at in (3 * RATE, 4 * RATE, 6 * RATE, 7 * RATE):  # where segments begin and end
        assert steps[at - 5 : at + 5].max() <= steps.max()
        assert steps[at - 5 : at + 5].max() < 3 * steps.quantile(0.99)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    from sweeper.training.members import build

    model: nn.Module = build("models", MODEL)
    content: dict[str, Any] = {
        "config": {"model": MODEL},
        "report": {"epoch": 3},
        "sample_rate": RATE,
        "model": model.state_dict(),
    }
    path = tmp_path / "best.ckpt"
    checkpoint.write(path, content)
    return path


def test_a_short_recording_is_what_the_model_says_of_it_as_a_whole(saved: Path) -> None:
    loaded = Enhancer.load(saved)
    noisy = tone(2.0, RATE) + 0.1 * torch.randn(2 * RATE)
    with torch.no_grad():
        own = loaded.model(noisy[None])
    assert si_sdr(loaded(noisy, RATE)[None], own).item() > 60
    assert (loaded.sample_rate, loaded.report["epoch"]) == (RATE, 3)


def test_what_is_no_model_is_refused(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        Enhancer.load(tmp_path / "none.ckpt")
    (tmp_path / "text.ckpt").write_text("hello")
    with pytest.raises(DataError, match="cannot be used"):
        Enhancer.load(tmp_path / "text.ckpt")
    checkpoint.write(tmp_path / "other.ckpt", {"epoch": 1})
    with pytest.raises(DataError, match="not a trial's"):
        Enhancer.load(tmp_path / "other.ckpt")
