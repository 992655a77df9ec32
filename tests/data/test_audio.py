from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from sweeper.data import audio
from sweeper.errors import DataError

RATE = 16000


def tone(frames: int, rate: int = RATE, level: float = 0.5) -> torch.Tensor:
    return level * torch.sin(2 * math.pi * 440 * torch.arange(frames) / rate)


@pytest.mark.parametrize("suffix", [".flac", ".wav"])
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / "below" / f"tone{suffix}"
    audio.write(file, tone(1001), RATE)
    assert torch.allclose(audio.read(file, RATE).waveform, tone(1001), atol=2**-15)
    assert [f.name for f in file.parent.iterdir()] == [file.name]  # no partial file is left


def test_channels_are_averaged(tmp_path: Path) -> None:
    file = tmp_path / "stereo.wav"
    soundfile.write(file, np.stack([np.full(50, 0.5), np.full(50, -0.25)], axis=1), RATE)
    assert torch.allclose(audio.read(file, RATE).waveform, torch.full((50,), 0.125), atol=1e-4)


@pytest.mark.parametrize("file_rate", [8000, 22050, 44100, 48000])
def test_other_rates_are_resampled(tmp_path: Path, file_rate: int) -> None:
    file = tmp_path / "tone.flac"
    audio.write(file, tone(file_rate, file_rate), file_rate)
    read = audio.read(file, RATE).waveform
    assert len(read) == audio.Length(file_rate, file_rate).resampled(RATE) == RATE
    middle = slice(RATE // 4, -RATE // 4)
    assert torch.allclose(read[middle], tone(RATE)[middle], atol=0.01)


@pytest.mark.parametrize("frames", [1, 7, 100, 4999])
@pytest.mark.parametrize("file_rate", [8000, 11025, 22050, 44100, 48000])
def test_the_resampled_length_is_foretold(tmp_path: Path, frames: int, file_rate: int) -> None:
    file = tmp_path / "short.wav"
    audio.write(file, tone(frames), file_rate)
    assert len(audio.read(file, RATE).waveform) == audio.Length(frames, file_rate).resampled(RATE)


def test_a_loud_waveform_is_turned_down_and_not_clipped(tmp_path: Path) -> None:
    file = tmp_path / "loud.wav"
    audio.write(file, tone(2000, level=7.0), RATE)
    assert torch.allclose(audio.read(file, RATE).waveform, tone(2000, level=audio.PEAK), atol=1e-3)


def test_gradients_and_double_precision_are_no_obstacle(tmp_path: Path) -> None:
    file = tmp_path / "estimate.wav"
    audio.write(file, tone(100).double().requires_grad_(), RATE)
    assert len(audio.read(file, RATE).waveform) == 100


def test_an_existing_file_survives_a_refused_write(tmp_path: Path) -> None:
    file = tmp_path / "enhanced.wav"
    audio.write(file, tone(100), RATE)
    with pytest.raises(DataError, match=r"enhanced.wav: not written.*NaN"):
        audio.write(file, torch.tensor([0.0, math.nan]), RATE)
    assert len(audio.read(file, RATE).waveform) == 100


def test_only_flac_and_wav_are_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"one of .flac, .wav"):
        audio.write(tmp_path / "tone.mp3", tone(10), RATE)


def test_a_batch_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 10\)"):
        audio.write(tmp_path / "batch.wav", torch.zeros(2, 10), RATE)


def test_a_folder_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken.wav").mkdir()
    with pytest.raises(DataError, match=r"taken.wav: cannot be written"):
        audio.write(tmp_path / "taken.wav", tone(10), RATE)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.wav"]
    with pytest.raises(DataError, match=r"taken.wav: cannot be read"):
        audio.read(tmp_path / "taken.wav", RATE)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone.wav: no such file; check"):
        audio.read(tmp_path / "gone.wav", RATE)


@pytest.mark.parametrize("suffix", [".flac", ".wav"])
@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file_is_told(tmp_path: Path, suffix: str, kept: float) -> None:
    file = tmp_path / f"cut{suffix}"
    audio.write(file, torch.randn(RATE) / 10, RATE)
    content = file.read_bytes()
    file.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(DataError, match=rf"cut{suffix}.*again"):
        audio.read(file, RATE)


@pytest.mark.parametrize("size", [0, 0x7FFFF024, 0xFFFFFFFF])
def test_a_wav_from_a_pipe_has_no_size_and_is_read(tmp_path: Path, size: int) -> None:
    file = tmp_path / "piped.wav"
    audio.write(file, tone(100), RATE)
    content = bytearray(file.read_bytes())
    content[4:8] = size.to_bytes(4, "little")
    content[40:44] = b"\xff\xff\xff\xff"
    file.write_bytes(content)
    assert len(audio.read(file, RATE).waveform) == 100


def test_another_kind_of_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("not audio at all" * 20)
    with pytest.raises(DataError, match=r"notes.wav: cannot be read as audio .*convert it"):
        audio.read(tmp_path / "notes.wav", RATE)


def test_a_file_without_samples_is_told(tmp_path: Path) -> None:
    audio.write(tmp_path / "empty.wav", torch.zeros(0), RATE)
    with pytest.raises(DataError, match=r"empty.wav: holds no samples \(0 s\); remove it"):
        audio.read(tmp_path / "empty.wav", RATE)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_non_finite_sample_is_told(tmp_path: Path, bad: float) -> None:
    soundfile.write(tmp_path / "bad.wav", np.array([0.0, bad, 0.1]), RATE, subtype="FLOAT")
    with pytest.raises(DataError, match=r"bad.wav: holds NaN or infinite"):
        audio.read(tmp_path / "bad.wav", RATE)
