"""Clean speech and noise put together: levels, speeds and rooms."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from torch import Tensor
from torch.nn.functional import pad
from torchaudio.functional import fftconvolve, resample  # type: ignore[import-untyped]

__all__ = ["Mixing", "cut", "in_room", "padded", "remixed", "repeated"]

_SILENT = 1e-9
"""Mean power (-90 dB full scale) below which speech or noise is silent and has no SNR."""

_SPEED_STEPS = 100  # speeds are hundredths: a ratio of small numbers is resampled fast


@dataclass(frozen=True, slots=True)
class Mixing:
    """What happens to clean speech on its way into a training segment.

    Attributes:
        noises: waveforms (time,) to draw from.
        rooms: impulse responses (time,), empty for none. The target keeps the room: what a
            network shall take away is noise.
        room_share: how many of the segments are in a room, 0 to 1.
        speeds: factors to draw from; 1.1 is faster and higher (Ko et al., Audio augmentation for
            speech recognition, 2015).
        gain: lowest and highest change of the mixture's level, in dB.
    """

    noises: tuple[Tensor, ...] = field(repr=False)
    rooms: tuple[Tensor, ...] = field(default=(), repr=False)
    room_share: float = 0.5
    speeds: tuple[float, ...] = (1.0,)
    gain: tuple[float, float] = (0.0, 0.0)

    def speech(self, clean: Tensor, frames: int, start: float, speed: float) -> Tensor:
        """A segment (frames,) of ``clean`` at ``speed``; a short recording is padded at its end."""
        steps = round(speed * _SPEED_STEPS)
        if steps == _SPEED_STEPS:
            return padded(cut(clean, frames, start), frames)
        needed = math.ceil(frames * steps / _SPEED_STEPS)
        faster: Tensor = resample(cut(clean, needed, start), steps, _SPEED_STEPS)
        return padded(faster[:frames], frames)


def cut(waveform: Tensor, frames: int, start: float) -> Tensor:
    """At most ``frames`` samples from where a ``start`` in [0, 1) means."""
    first = int(start * (max(0, len(waveform) - frames) + 1))
    return waveform[first : first + frames]


def padded(waveform: Tensor, frames: int) -> Tensor:
    """With zeros at its end, ``frames`` long."""
    return pad(waveform, (0, frames - len(waveform)))


def repeated(noise: Tensor, frames: int, start: float) -> Tensor:
    """A segment (frames,) of ``noise``, from anywhere and repeated where it is too short."""
    total = len(noise)
    if total >= frames:
        return cut(noise, frames, start)
    return noise.roll(-int(start * total)).repeat(math.ceil(frames / total))[:frames]


def in_room(speech: Tensor, room: Tensor) -> Tensor:
    """``speech`` (time,) as heard in the room, at its own level and in time with itself.

    Args:
        room: the impulse response (time,); its largest value is the direct sound.
    """
    direct = int(room.abs().argmax())
    heard: Tensor = fftconvolve(speech, room)[direct : direct + len(speech)]
    power, now = speech.square().mean().item(), heard.square().mean().item()
    return heard * math.sqrt(power / now) if min(power, now) >= _SILENT else heard


def remixed(clean: Tensor, noise: Tensor, snr: float) -> Tensor:
    """``clean`` plus ``noise``, both (time,), the noise scaled to ``snr`` dB below the speech.

    Where speech or noise is silent no scale gives that ratio, and the noise is added as it is.
    """
    speech_power, noise_power = clean.square().mean().item(), noise.square().mean().item()
    if min(speech_power, noise_power) < _SILENT:
        return clean + noise
    return clean + noise * math.sqrt(speech_power / noise_power * 10 ** (-snr / 10))
