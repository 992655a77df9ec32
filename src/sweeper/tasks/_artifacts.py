"""What a trial leaves for people: the best weights, and how they sound."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from sweeper.data import audio
from sweeper.training import checkpoint

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

    from sweeper.data.corpus import Pair
    from sweeper.records import EpochReport
    from sweeper.training.hardware import Precision

__all__ = ["Artifacts"]

_SILENCE = 1e-8


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifacts:
    """The files of one trial in ``folder``, always those of its best epoch so far.

    Attributes:
        config: the trial's resolved configuration; goes into the checkpoint.
        example: the recording to listen to.
        sample_rate: of ``example``, in Hz.
    """

    folder: Path
    config: Mapping[str, Any]
    model: nn.Module
    precision: Precision
    device: torch.device
    example: Pair
    sample_rate: int

    def write(self, report: EpochReport) -> None:
        """Replace the files by those of the model as it is now, just after ``report``.

        Raises:
            OSError, DataError: a file cannot be written.
        """
        content = {
            "config": _plain(self.config),
            "report": dataclasses.asdict(report),
            "sample_rate": self.sample_rate,
            "model": self.model.state_dict(),
        }
        checkpoint.write(self.folder / "best.ckpt", content)
        recordings = {
            "noisy": self.example.noisy,
            "clean": self.example.clean,
            "enhanced": self._enhanced(),
        }
        # one gain for all three, so that they can be compared by ear
        gain = min(1.0, audio.PEAK / _peak(self.example.noisy))
        for name, waveform in recordings.items():
            audio.write(self.folder / f"{name}.wav", waveform * gain, self.sample_rate)

    def best(self) -> nn.Module:
        """A copy of the model with the weights of the best epoch.

        Raises:
            OSError, ValueError: there is no ``best.ckpt``, or it cannot be read.
        """
        model = copy.deepcopy(self.model)
        model.load_state_dict(checkpoint.read(self.folder / "best.ckpt")["model"])
        return model

    @torch.no_grad()
    def _enhanced(self) -> Tensor:
        """The example (time,) without its noise, its peak as high as that of the noisy one.

        A network trained with SI-SDR is free in its level.
        """
        self.model.eval()
        noisy = self.example.noisy.to(self.device)
        estimate = self.precision(self.model, noisy.unsqueeze(0)).squeeze(0).cpu()
        return estimate * (_peak(self.example.noisy) / _peak(estimate))


def _peak(waveform: Tensor) -> float:
    return max(waveform.abs().max().item(), _SILENCE)


def _plain(value: Any) -> Any:
    """Mappings and sequences as dict and list, which is all that a checkpoint may hold."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
