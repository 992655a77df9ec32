"""Audio files in and out: soundfile reads and writes, torchaudio resamples.

``torchaudio.load`` and ``torchaudio.save`` are not used: since 2.9 they need FFmpeg's libraries.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import soundfile  # type: ignore[import-untyped]
import torch
from torch import Tensor
from torchaudio.functional import resample  # type: ignore[import-untyped]

from sweeper.data.sources import read_bytes
from sweeper.errors import DataError

if TYPE_CHECKING:
    import os

__all__ = ["PEAK", "SUFFIXES", "Length", "Recording", "decode", "read", "write"]

PEAK = 0.99
"""Largest absolute sample that ``write`` lets through; what is louder is turned down as a whole."""

SUFFIXES = frozenset({".aif", ".aiff", ".flac", ".mp3", ".ogg", ".opus", ".wav"})
"""File name endings (lower case) that are taken for recordings when a folder is searched."""

_WRITABLE = {".flac": "FLAC", ".wav": "WAV"}
_UNKNOWN_SIZE = 0x7FFFF000  # programs that write WAV to a pipe claim this size or more
_SLACK = 8  # bytes by which careless programs overstate a size


class Recording(NamedTuple):
    """A decoded file.

    Attributes:
        waveform: mono float32 (time,), at the rate that was asked for.
        frames, sample_rate, channels: the file's own; ``sample_rate`` in Hz.
    """

    waveform: Tensor
    frames: int
    sample_rate: int
    channels: int


def read(path: str | os.PathLike[str], sample_rate: int | None = None) -> Recording:
    """The recording at ``sample_rate`` Hz (None: its own); channels are averaged.

    Raises:
        DataError: missing, unreadable, truncated, empty or non-finite; names the file.
    """
    return decode(read_bytes(Path(path)), path, sample_rate)


def decode(content: bytes, name: object, sample_rate: int | None = None) -> Recording:
    """Like ``read``, from a file's bytes; ``name`` is for messages."""
    channels_TxC, file_rate = _samples(content, name)
    frames, channels = channels_TxC.shape
    if frames == 0:
        raise DataError(
            f"{name}: holds no samples (0 s); remove it from the data set, or export it again"
        )
    if not torch.isfinite(channels_TxC).all():
        raise DataError(f"{name}: holds NaN or infinite samples; export it again from its source")
    mono_T = channels_TxC.mean(dim=1)
    if sample_rate not in (None, file_rate):
        mono_T = resample(mono_T, file_rate, sample_rate)
    return Recording(mono_T, frames, file_rate, channels)


def _samples(content: bytes, name: object) -> tuple[Tensor, int]:
    if not content:
        raise DataError(f"{name}: is empty (0 bytes); copy or download it again")
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            samples = torch.from_numpy(file.read(dtype="float32", always_2d=True))
            promised, rate = file.frames, file.samplerate
    except soundfile.SoundFileError as error:
        reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
        raise DataError(
            f"{name}: cannot be read as audio ({reason}); copy or download it again, "
            "or convert it to WAV or FLAC"
        ) from error
    if len(samples) < promised or _is_cut_short(content):
        raise DataError(f"{name}: is truncated; copy or download it again")
    return samples, rate


def _is_cut_short(content: bytes) -> bool:
    """Whether a RIFF file is shorter than its header says; libsndfile reads on in silence."""
    size = int.from_bytes(content[4:8], "little")
    return content[:4] == b"RIFF" and len(content) + _SLACK < size + 8 < _UNKNOWN_SIZE


class Length(NamedTuple):
    """How long a file is said to be: ``frames`` samples at ``sample_rate`` Hz (None: its own)."""

    frames: int
    sample_rate: int | None = None

    def resampled(self, sample_rate: int) -> int:
        """The number of samples that ``read`` gives at ``sample_rate`` Hz."""
        return -(-self.frames * sample_rate // (self.sample_rate or sample_rate))


def write(path: str | os.PathLike[str], waveform: Tensor, sample_rate: int) -> None:
    """Write ``waveform`` (time,) as 16-bit FLAC or WAV, by the suffix of ``path``.

    A waveform that exceeds ``PEAK`` is turned down as a whole, so it never clips: a network trained
    with SI-SDR is free in its level. The file appears complete or not at all.

    Raises:
        ValueError: another suffix, or not one dimension.
        DataError: a non-finite sample, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in _WRITABLE:
        raise ValueError(f"{path}: the suffix must be one of {', '.join(sorted(_WRITABLE))}")
    if waveform.dim() != 1:
        raise ValueError(f"{path}: want a waveform (time,), got shape {tuple(waveform.shape)}")
    audio_T = waveform.detach().to("cpu", torch.float32)
    if not torch.isfinite(audio_T).all():
        raise DataError(f"{path}: not written, the waveform holds NaN or infinite samples")
    _write_atomically(path, _turned_down(audio_T), sample_rate)


def _turned_down(audio: Tensor) -> Tensor:
    peak = audio.abs().max().item() if len(audio) else 0.0
    return audio if peak <= PEAK else audio * (PEAK / peak)


def _write_atomically(path: Path, audio: Tensor, sample_rate: int) -> None:
    encoded = io.BytesIO()
    soundfile.write(
        encoded,
        audio.numpy(),
        sample_rate,
        subtype="PCM_16",
        format=_WRITABLE[path.suffix.lower()],
    )
    partial = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(encoded.getbuffer())
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise DataError(f"{path}: cannot be written ({error.strerror})") from error
