"""A learning curve in numbers: where it began, how far it came, how it ended, how noisy it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweeper.records import EpochReport

__all__ = ["Curve", "batch_noise", "read_curve", "untrained_loss"]

_TO_SD = 1.4826  # of a normal distribution, from the median absolute deviation
_SETTLED = 0.05  # of the gain: so near to the last level a curve has settled


@dataclass(frozen=True)
class Curve:
    """A loss (lower is better) after each epoch.

    Attributes:
        values: as reported (epochs,).
        start: of the untrained model; that of the first epoch where it is not known.
    """

    values: NDArray[np.float64]
    start: float

    def __len__(self) -> int:
        return len(self.values)

    @property
    def smooth(self) -> NDArray[np.float64]:
        """Running medians (epochs,), which no single outlier moves."""
        half = max(1, len(self) // 20)
        padded = np.pad(self.values, half, mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
        return np.asarray(np.median(windows, axis=1), dtype=np.float64)

    @property
    def noise(self) -> float:
        """Standard deviation of an epoch's value around the curve.

        From second differences, in which a smooth curve cancels out: those of independent noise
        have six times its variance.
        """
        return _TO_SD * float(np.median(np.abs(np.diff(self.values, 2)))) / math.sqrt(6)

    @property
    def best(self) -> float:
        return float(self.smooth.min())

    @property
    def end(self) -> float:
        """The level of the last tenth, of three epochs at least."""
        return float(np.median(self.values[-max(3, len(self) // 10) :]))

    @property
    def top(self) -> float:
        """Where it came down from: the start is a single step's loss, which can be a lucky one."""
        return max(self.start, float(self.values[0]))

    @property
    def gain(self) -> float:
        """How far it came down, at its best."""
        return self.top - self.best

    @property
    def rise(self) -> float:
        """How far the end is above the best."""
        return self.end - self.best

    @property
    def late_gain(self) -> float:
        """How far the last third of the epochs came down, by the median of all slopes in it."""
        tail = self.values[-max(5, round(len(self) / 3)) :]
        i, j = np.triu_indices(len(tail), 1)
        slope = float(np.median((tail[j] - tail[i]) / (j - i)))
        return -slope * (len(tail) - 1)

    @property
    def settled(self) -> int:
        """The epoch from which it stays about where it is in its last half."""
        level = float(np.median(self.values[len(self) // 2 :]))
        near = self.smooth <= level + max(_SETTLED * (self.top - level), self.noise)
        return int(np.argmax(near)) + 1 if near.any() else len(self)


def read_curve(reports: Sequence[EpochReport], metric: str, start: float | None) -> Curve | None:
    """The curve of this metric; None where an epoch lacks it."""
    values = [report.metrics.get(metric, math.nan) for report in reports]
    if not values or not all(map(math.isfinite, values)):
        return None
    return Curve(np.array(values), values[0] if start is None else start)


def untrained_loss(reports: Sequence[EpochReport]) -> float | None:
    """The loss of the first optimizer step, which no step has changed yet; None if not reported."""
    return reports[0].steps.get(1) if reports else None


def batch_noise(reports: Sequence[EpochReport]) -> float | None:
    """Standard deviation of a single step's loss, from neighbours within the epochs."""
    spreads = []
    for report in reports:
        losses = [loss for loss in report.steps.values() if math.isfinite(loss)]
        if len(losses) > 2:
            spreads.append(float(np.median(np.abs(np.diff(losses)))))
    return _TO_SD * float(np.median(spreads)) / math.sqrt(2) if spreads else None
