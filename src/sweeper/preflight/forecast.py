"""From what was measured to a plan: how many trials share a GPU, and how long it will take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from sweeper.preflight.cells import Cell
from sweeper.preflight.measure import Measured

__all__ = ["RESERVE", "Forecast"]

RESERVE = 0.1
"""Share of the device's memory that stays free: validation, fragmentation, other programs."""

_MOST_PER_GPU = 16  # beyond it they only wait for each other


@dataclass(frozen=True, slots=True)
class Forecast:
    """Attributes:
    measured: what each configuration needed.
    epochs: of a full training.
    trials, gpu_hours: of the sweep's budget; None for no limit.
    """

    measured: tuple[tuple[Cell, Measured], ...]
    epochs: int
    trials: int
    gpu_hours: float | None = None

    @property
    def _needs(self) -> list[Measured]:
        return [measured for _, measured in self.measured]

    @property
    def peak_bytes(self) -> int | None:
        """The most that any configuration that fits needs; None where none does."""
        return max((m.peak_bytes for m in self._needs if m.peak_bytes), default=None)

    @property
    def trials_per_device(self) -> int:
        """How many trials the device's memory holds at once, whichever they are."""
        peak = self.peak_bytes
        total = max((m.total_bytes for m in self._needs), default=0)
        return 0 if peak is None else max(1, int((1 - RESERVE) * total / peak))

    @property
    def gpus_per_trial(self) -> float:
        """The share of a GPU that each trial gets when as many share one as fit.

        In hundredths, rounded down, so that as many do fit.
        """
        sharing = min(_MOST_PER_GPU, max(1, self.trials_per_device))
        return 1.0 if sharing == 1 else int(100 / sharing) / 100

    @property
    def trial_seconds(self) -> float | None:
        """Mean over the grid of what a full training takes, with its validation."""
        grid = [m for cell, m in self.measured if not cell.varied and m.samples_per_second]
        return fmean(map(self._trial_seconds, grid)) if grid else None

    def _trial_seconds(self, measured: Measured) -> float:
        epoch = measured.samples_per_epoch / (measured.samples_per_second or 1.0)
        validation = (self.epochs + 1) * measured.validation_seconds  # the best weights once more
        return self.epochs * epoch + validation

    @property
    def start_seconds(self) -> float:
        """What a worker takes before its first trial."""
        return max((m.start_seconds for m in self._needs), default=0.0)

    def seconds(self, devices: int) -> float | None:
        """For all trials on so many ``devices`` if none is stopped early, with the workers' start.

        Trials that share a GPU are taken to slow each other down as far as they can: it then gives
        no more than it gave one of them.
        """
        if self.trial_seconds is None:
            return None
        return self.start_seconds + self.trial_seconds * math.ceil(self.trials / devices)

    def to_json(self) -> dict[str, Any]:
        """JSON values: each configuration with what it needed, and the plan."""
        return {
            "configurations": [
                {"params": dict(cell.params), "varied": cell.varied, **measured.to_json()}
                for cell, measured in self.measured
            ],
            "peak_bytes": self.peak_bytes,
            "reserve": RESERVE,
            "trials_per_device": self.trials_per_device,
            "gpus_per_trial": self.gpus_per_trial,
            "trial_seconds": self.trial_seconds,
            "start_seconds": self.start_seconds,
        }
