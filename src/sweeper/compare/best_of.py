"""The best of several trials as a random variable, as if the trials had come in another order.

Jesse Dodge, Suchin Gururangan, Dallas Card, Roy Schwartz, Noah A. Smith: Show Your Work: Improved
Reporting of Experimental Results. EMNLP 2019, section 3. Each trial is a draw from the sweep's own
results, so the best of ``k`` has the distribution function ``F(v)**k``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sweeper.records import Direction, TrialRecord

__all__ = ["LOW", "Best", "BestOf", "probability_better"]

LOW, _HIGH = 0.05, 0.95  # of the interval that is shown
_DRAWS = 4000  # orders drawn, where the budget is time


@dataclass(frozen=True, slots=True)
class Best:
    """The best objective at some budget: its median and middle 90% over the order of trials.

    Quantiles all, so that a trial far off, of many or of three, cannot move what to expect out of
    its own interval, as it can a mean.
    """

    median: float
    low: float
    high: float


class BestOf:
    """The distribution of the best value that ``records`` would have given at a smaller budget.

    A trial without a value (diverged, out of memory, failed) is drawn like the others and never
    the best; while it is all there is, there is no best.

    Args:
        records: ended trials, one for each training.

    Raises:
        ValueError: none of them has a value.
    """

    def __init__(self, records: Sequence[TrialRecord], direction: Direction, seed: int = 0) -> None:
        sign = 1.0 if direction == "maximize" else -1.0
        scores = [-np.inf if r.value is None else sign * r.value for r in records]
        self._sign = sign
        self._scores = np.array(scores)
        self._seconds = np.array([r.seconds or 0.0 for r in records])
        self._values = np.unique(self._scores[np.isfinite(self._scores)])
        if not len(self._values):
            raise ValueError("no trial has a value")
        counted = np.searchsorted(np.sort(self._scores), self._values, side="right")
        self._cdf = counted / len(scores)
        self._seed = seed

    @property
    def trials(self) -> int:
        return len(self._scores)

    @property
    def seconds(self) -> float:
        """Worker seconds of all trials."""
        return float(self._seconds.sum())

    def after_trials(self, trials: int) -> Best:
        """The best of so many trials."""
        return self._summary(self.distribution(trials))

    def after_seconds(self, budgets: Sequence[float]) -> list[Best | None]:
        """The best after each of these worker seconds; None where mostly no trial has ended."""
        shares = map(self._shares_in, budgets)
        return [self._summary(found) if 2 * found.sum() >= 1 else None for found in shares]

    @property
    def values(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """What the best can be (values,), ascending, larger is better."""
        return self._values

    def distribution(self, trials: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """How likely each of `values` is the best of so many trials (values,)."""
        powers = self._cdf**trials
        none = (1 - np.isfinite(self._scores).mean()) ** trials
        weights = np.diff(powers, prepend=none)
        return np.asarray(weights / weights.sum())

    def distribution_in(self, seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """How likely each of `values` is the best of the trials that end in so many worker seconds.

        From drawn orders; not a number where in most of them no trial with a value has ended.
        """
        shares = self._shares_in(seconds)
        enough = 2 * shares.sum() >= 1
        return np.asarray(shares / shares.sum()) if enough else np.full(len(shares), np.nan)

    def _shares_in(self, seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The share of the drawn orders with each of `values` as best; the others have none yet."""
        best = self._best_in(seconds)
        known = np.searchsorted(self._values, best[np.isfinite(best)])
        return np.asarray(np.bincount(known, minlength=len(self._values)) / len(best))

    def _best_in(self, seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The best of each drawn order within ``seconds`` (orders,), minus infinity for none."""
        rng = np.random.default_rng(self._seed)
        best = np.full(_DRAWS, -np.inf)
        spent = np.zeros(_DRAWS)
        while True:
            drawn = rng.integers(self.trials, size=_DRAWS)
            spent += np.maximum(self._seconds[drawn], 1e-3)
            ended = spent <= seconds
            if not ended.any():
                return best
            best[ended] = np.maximum(best[ended], self._scores[drawn][ended])

    def _summary(self, weights: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Best:
        # orders without a result yet are below all, or a longer search might be said to find less
        below = 1 - weights.sum() + np.cumsum(weights)
        last = len(below) - 1
        low, middle, high = (
            self._sign * float(self._values[min(int(np.searchsorted(below, q)), last)])
            for q in (LOW, 0.5, _HIGH)
        )
        return Best(middle, *sorted((low, high)))


def probability_better(
    one: BestOf,
    other: BestOf,
    weights: np.ndarray[tuple[int], np.dtype[np.float64]],
    others: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> float:
    """How likely the best of ``one`` beats that of ``other``; ties count half.

    The draws know no value beyond those seen, so they alone would be sure after a few trials. With
    Laplace's rule of succession, for the trials of the shorter sweep, 8 allow 90% and 30 allow 97%.

    Args:
        weights, others: how likely each of their values is the best.
    """
    gap = one.values[:, None] - other.values[None, :]
    drawn = float(weights @ ((gap > 0) + 0.5 * (gap == 0)) @ others)
    trials = min(one.trials, other.trials)
    return (trials * drawn + 1) / (trials + 2)
