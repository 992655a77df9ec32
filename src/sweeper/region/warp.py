"""The scale on which the surrogate works: asinh of how far behind the best a value is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sweeper.region.inputs import Inputs
from sweeper.region.observations import Observations

__all__ = ["Warp", "inputs_of"]

Array = np.ndarray[Any, Any]

_SCALE = 0.3  # of (median - best): closer to the best the warp is linear, beyond logarithmic
_BAD = 0.5  # standard deviation of the value that stands for a diverged trial
_FINISHED = 0.9  # percentile
_AVERAGED = 4.0  # trials: of more, what is averaged away is no longer noise but the landscape
_SOFT = 0.3


@dataclass(frozen=True, slots=True)
class Warp:
    """asinh around the best, so that bad values do not bend the valley.

    Attributes:
        best, scale: where it is 0, and how far from there it is linear, in the objective's units.
    """

    best: float
    scale: float

    @classmethod
    def around(cls, obs: Observations) -> Warp:
        """Around the best finished trial."""
        best = float(obs.value[obs.final].min())
        return cls(best, max(_SCALE * (_median(obs) - best), 1e-9 * max(1.0, abs(best))))

    def forward(self, value: Array) -> Array:
        found: Array = np.arcsinh((value - self.best) / self.scale)
        return found

    def back(self, warped: Array) -> Array:
        found: Array = self.best + self.scale * np.sinh(np.clip(warped, -8, 8))
        return found


def inputs_of(obs: Observations, warp: Warp) -> tuple[Inputs, Array]:
    """Inputs and warped targets; a diverged trial is as bad as the worst, give or take."""
    diverged = ~np.isfinite(obs.value)
    worst = float(_last_values(obs).max())
    warped = warp.forward(np.where(diverged, worst, obs.value))
    warped[diverged] += _BAD
    soft = (_SOFT + (1 - _SOFT) / np.cosh(warped)) / np.sqrt(np.minimum(obs.weight, _AVERAGED))
    extra = np.where(diverged, _BAD**2, 0.0)
    inputs = Inputs(obs.core, obs.others, obs.nominal, obs.left, obs.trial, soft, extra)
    return inputs, warped


def _median(obs: Observations) -> float:
    """The median of all trials, those that did not finish being worse than the finished ones.

    Where fewer than half finished, the 90th percentile of these: the last values of stopped trials
    are as far off as their epochs are early.
    """
    weights = obs.weight[obs.final]
    ended = obs.weight[_lasts(obs)].sum()
    share = min(0.5 * ended / weights.sum(), _FINISHED)
    values = obs.value[obs.final]
    return float(np.quantile(values, share, weights=weights, method="inverted_cdf"))


def _lasts(obs: Observations) -> Array:
    """(trials,) the last row of each."""
    return np.flatnonzero(np.append(obs.trial[1:] != obs.trial[:-1], True))


def _last_values(obs: Observations) -> Array:
    """(trials,)"""
    rows = np.flatnonzero(np.isfinite(obs.value))
    last = np.append(obs.trial[rows][1:] != obs.trial[rows][:-1], True)
    found: Array = obs.value[rows[last]]
    return found
