"""A learning curve in numbers: how far it came, how it ended, how noisy it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sweeper.words import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweeper.records import Direction, EpochReport

__all__ = ["Curve", "batch_noise", "read_curve", "untrained_loss"]

_TO_SD = 1.4826  # of a normal distribution, from the median absolute deviation


@dataclass(frozen=True)
class Curve:
    """A loss (lower is better) after each epoch.

    No statistic of it depends on a single epoch, but `first` and `fell`.

    Attributes:
        values: as reported (epochs,), times ``sign``.
        metric: its name.
        sign: -1 where the metric is one to maximize.
    """

    values: NDArray[np.float64]
    metric: str = "val_loss"
    sign: int = 1

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def first(self) -> float:
        """After the first epoch."""
        return float(self.values[0])

    @cached_property
    def smooth(self) -> NDArray[np.float64]:
        """Running medians of three epochs (epochs,), which no single outlier moves."""
        windows = np.lib.stride_tricks.sliding_window_view(self.values, 3)
        return np.pad(np.median(windows, axis=1), 1, mode="edge")

    @cached_property
    def noise(self) -> float:
        """Standard deviation of an epoch's value around the curve.

        From second differences, in which a smooth curve cancels out: those of independent noise
        have six times its variance.
        """
        return _TO_SD * float(np.median(np.abs(np.diff(self.values, 2)))) / math.sqrt(6)

    @cached_property
    def best(self) -> float:
        return float(self.smooth.min())

    @cached_property
    def end(self) -> float:
        """The level of the last tenth, of three epochs at least."""
        return float(np.median(self.values[-max(3, len(self) // 10) :]))

    @cached_property
    def range(self) -> float:
        """How far apart its highest and its lowest level are."""
        return float(np.ptp(self.smooth))

    @cached_property
    def rise(self) -> float:
        """How far the end is above the best."""
        return self.end - self.best

    @cached_property
    def fell(self) -> float:
        """How far it came down since the first epoch."""
        return self.first - self.end

    @cached_property
    def order(self) -> float:
        """Kendall's tau of values and epochs: -1 where every epoch is below all before it."""
        i, j = np.triu_indices(len(self), 1)
        return float(np.mean(np.sign(self.values[j] - self.values[i])))

    @cached_property
    def late_gain(self) -> float:
        """How far the level of the last third is below that of the third before it."""
        third = max(2, len(self) // 3)
        before, after = self.values[-2 * third : -third], self.values[-third:]
        return float(np.median(before) - np.median(after))

    @cached_property
    def late_fall(self) -> tuple[float, float]:
        """What a third of the epochs brings at the speed it has at the end, and how sure that is.

        The speed is the Theil-Sen slope (median of all slopes) of the last third, of five epochs
        at least. The second number is the standard error that the least squares slope would
        have with the noise of this curve, of the same third.
        """
        tail = self.values[-max(5, round(len(self) / 3)) :]
        i, j = np.triu_indices(len(tail), 1)
        slope = float(np.median((tail[j] - tail[i]) / (j - i)))
        error = self.noise * math.sqrt(12 / (len(tail) ** 3 - len(tail)))
        return -slope * len(self) / 3, error * len(self) / 3

    def words(self, value: float) -> str:
        """A level of this curve, as the metric has it."""
        return number(self.sign * value)

    def settled(self, share: float) -> int:
        """The epoch from which at most this share of its fall since the first was left, or noise.

        On the falling curve that is nearest to it (isotonic regression); what sticks out of the
        running medians by more than three times the noise is cut off.
        """
        # here, so that reading a ledger does not import scipy
        from scipy.optimize import isotonic_regression  # type: ignore[import-untyped]

        near = np.clip(self.values - self.smooth, -3 * self.noise, 3 * self.noise)
        levels = isotonic_regression(self.smooth + near, increasing=False).x
        level = max(self.end + max(share * self.fell, self.noise), levels[-1])
        return 1 + int(np.argmax(levels <= level))


def read_curve(
    reports: Sequence[EpochReport], metric: str, direction: Direction = "minimize"
) -> Curve | None:
    """The curve of this metric; None where an epoch lacks it."""
    values = [report.metrics.get(metric, math.nan) for report in reports]
    if not values or not all(map(math.isfinite, values)):
        return None
    sign = 1 if direction == "minimize" else -1
    return Curve(sign * np.array(values), metric, sign)


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
