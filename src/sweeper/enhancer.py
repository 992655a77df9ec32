"""A trained model at work: a recording of any length and sample rate without its noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torchaudio.functional import resample  # type: ignore[import-untyped]

from sweeper.errors import DataError
from sweeper.training import checkpoint
from sweeper.training.members import build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor, nn

__all__ = ["Enhancer"]

_SEGMENT_SECONDS = 4.0
"""About as long as what models are trained and judged on: their norms see whole segments."""

_OVERLAP_SECONDS = 1.0
_SILENCE = 1e-12  # energy


@dataclass(frozen=True, slots=True)
class Enhancer:
    """A model with the weights of a trial's best epoch.

    Attributes:
        sample_rate: what the model hears, in Hz.
        report: the metrics of the epoch that the weights are from.
    """

    model: nn.Module
    sample_rate: int
    report: dict[str, Any]

    @classmethod
    def load(cls, path: Path) -> Enhancer:
        """From a trial's ``best.ckpt``; nothing in the file is executed.

        Raises:
            DataError: no such file, or none of a speech-enhancement trial.
        """
        try:
            content = checkpoint.read(path)
            model: nn.Module = build("models", content["config"]["model"])
            model.load_state_dict(content["model"])
        except FileNotFoundError as error:
            raise DataError(f"{path}: no such file") from error
        except KeyError as error:
            raise DataError(f"{path}: not a trial's best.ckpt, it has no {error}") from error
        except (OSError, LookupError, ValueError, RuntimeError) as error:
            raise DataError(f"{path}: cannot be used as a model ({error})") from error
        return cls(model.eval(), int(content["sample_rate"]), content["report"])

    @torch.no_grad()
    def __call__(self, noisy: Tensor, sample_rate: int) -> Tensor:
        """The speech in ``noisy`` (time,), as long and at the same rate (Hz).

        What is longer than a segment is enhanced in segments that fade into each other. The
        estimate's level and sign, which a network trained with SI-SDR is free in, are those with
        which it is nearest to ``noisy``: the noise that was taken away is orthogonal to it.
        """
        heard = _resampled(noisy.float(), sample_rate, self.sample_rate)
        estimate = self._restored(heard, self._joined(heard))
        return _fitted(_resampled(estimate, self.sample_rate, sample_rate), noisy.shape[-1])

    def _joined(self, heard: Tensor) -> Tensor:
        """The model's own output (time,), from overlapping segments."""
        length = round(_SEGMENT_SECONDS * self.sample_rate)
        overlap = round(_OVERLAP_SECONDS * self.sample_rate)
        joined = torch.zeros_like(heard)
        for start, end in _segments(len(heard), length, overlap):
            part = self.model(heard[start:end].unsqueeze(0)).squeeze(0)
            if start > 0:
                # a quarter of a sine, squared: the two fades add up to 1
                fade = torch.linspace(0, torch.pi / 2, overlap + 2)[1:-1].sin().square()
                part[:overlap] = part[:overlap] * fade
                joined[start : start + overlap] *= 1 - fade
            joined[start:end] += part
        return joined

    def _restored(self, heard: Tensor, estimate: Tensor) -> Tensor:
        energy = estimate.double().square().sum().item()
        if energy < _SILENCE:
            return estimate
        return estimate * ((heard.double() @ estimate.double()).item() / energy)


def _segments(total: int, length: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Start and end of each segment; the last is as long as the others or longer."""
    start = 0
    while total - (start + length) > length - overlap:
        yield start, start + length
        start += length - overlap
    yield start, total


def _resampled(waveform: Tensor, old: int, new: int) -> Tensor:
    if old == new:
        return waveform
    found: Tensor = resample(waveform, old, new)
    return found


def _fitted(waveform: Tensor, length: int) -> Tensor:
    """Cut or padded by the few samples that two resamplings may differ."""
    if len(waveform) >= length:
        return waveform[:length]
    return torch.nn.functional.pad(waveform, (0, length - len(waveform)))
