"""From samples of the objective on a grid to the probability of being near-optimal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sweeper.region.inputs import Inputs
from sweeper.region.kernel import SEED
from sweeper.region.surrogate import Surrogate

__all__ = ["Inclusion", "draw", "include"]

Array = np.ndarray[Any, Any]

_SHARE_OF_SPREAD = 0.1
_WIDER = 1.03  # the samples' sets are a little small: by calibration on simulated sweeps
_LEVELS = np.linspace(0.05, 0.95, 37)


@dataclass(frozen=True, slots=True)
class Inclusion:
    """What the samples say of each cell.

    Attributes:
        samples: (samples, cells) the objective, lower is better.
        member: (samples, cells) whether the cell is near-optimal in the sample.
        tolerance, spread: (samples,) what counts as near-optimal, and median - minimum.
        noise: (samples,) standard deviation over seeds near the best.
        inside: (cells,) share of the samples.
        possible: (cells,) whether the cell can be trained at all.
        best: (samples,) the cell of the sample's minimum.
        level: the region is where ``inside`` is at least this.
        expected_iou: expected intersection over union of that with the near-optimal set.
    """

    samples: Array
    member: Array
    tolerance: Array
    spread: Array
    noise: Array
    inside: Array
    possible: Array
    best: Array
    level: float
    expected_iou: float

    @property
    def region(self) -> Array:
        """(cells,)"""
        found: Array = self.inside >= self.level
        return found


def draw(
    models: Sequence[Surrogate], points: Inputs, each: int, seed: int = 0
) -> tuple[Array, Array]:
    """Joint samples (samples, points) of the objective, (samples,) of the noise near the best.

    ``each`` samples for each of the surrogates' draws of hyperparameters.
    """
    rng = np.random.default_rng(seed)
    samples, noise = [], []
    for model, theta in ((m, theta) for m in models for theta in m.draws):
        mean, cov = model.posterior(points, theta)
        lower = np.linalg.cholesky(cov + 1e-6 * cov.diagonal().max() * np.eye(len(cov)))
        samples.append(mean + rng.standard_normal((each, len(mean))) @ lower.T)
        noise.append(np.full(each, model.warp.scale * np.exp(theta[SEED])))
    return models[0].warp.back(np.vstack(samples)), np.concatenate(noise)


def include(
    samples: Array, noise: Array, possible: Array, tolerance: float | None = None
) -> Inclusion:
    """The near-optimal set of each sample against its own minimum, and the region they agree on.

    Args:
        possible: (cells,) False where a cell cannot be trained at all (out of memory).
        tolerance: by default one standard deviation over seeds or 10% of (median - minimum),
            whichever is larger.
    """
    allowed = np.where(possible, samples, np.inf)
    lowest = allowed.min(axis=1)
    spread = np.median(samples, axis=1) - lowest
    lowest = lowest + _below(allowed, lowest)
    tau = np.maximum(noise, _SHARE_OF_SPREAD * spread)
    reach = _WIDER * tau
    if tolerance is not None:
        reach = tau = np.full(len(samples), tolerance)
    member = allowed <= (lowest + reach)[:, None]
    inside = member.mean(axis=0)
    level, iou = _best_level(inside, member)
    best = allowed.argmin(axis=1)
    return Inclusion(samples, member, tau, spread, noise, inside, possible, best, level, iou)


def _below(allowed: Array, lowest: Array) -> float:
    """By how much the samples' minima lie below that of their common surface, >= 0.

    The minimum over many uncertain cells is lower than any cell is expected to be, the more so the
    rougher the samples are, and those of the prior are rougher than losses. Measured from there,
    all near-optimal sets would be too small.
    """
    surface = float(np.median(allowed, axis=0).min())
    return max(surface - float(np.median(lowest)), 0.0)


def _best_level(inside: Array, member: Array) -> tuple[float, float]:
    """The level with the highest expected intersection over union."""
    chosen = inside[None, :] >= _LEVELS[:, None]
    both = chosen.astype(float) @ member.T.astype(float)
    either = chosen.sum(axis=1)[:, None] + member.sum(axis=1)[None, :] - both
    expected = (both / np.maximum(either, 1)).mean(axis=1)
    at = int(expected.argmax())
    return float(_LEVELS[at]), float(expected[at])
