"""A Gaussian process of the objective over the search space and the epochs (Rasmussen, Williams
2006): hyperparameters at the posterior's mode, their uncertainty by Laplace's approximation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular  # type: ignore[import-untyped]
from scipy.linalg.lapack import dpotri  # type: ignore[import-untyped]
from scipy.optimize import minimize  # type: ignore[import-untyped]

from sweeper.region.inputs import Inputs
from sweeper.region.kernel import Covariance, cross, other_part, prior
from sweeper.region.observations import Observations
from sweeper.region.warp import Warp, inputs_of

__all__ = ["Surrogate", "fit"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Surrogate:
    """A fitted model.

    Attributes:
        inputs, target: what it was fitted to; targets are warped, and centred by ``level``.
        draws: (draws, hyperparameters), the first at the mode.
    """

    warp: Warp
    inputs: Inputs
    target: Array
    level: float
    draws: Array

    def posterior(self, points: Inputs, theta: Array) -> tuple[Array, Array]:
        """Mean (points,) and covariance (points, points) on the warped scale."""
        total = Covariance.of(self.inputs, theta).total
        lower = np.linalg.cholesky(total)
        k = cross(points, self.inputs, theta)
        half = solve_triangular(lower, k.T, lower=True)
        mean = self.level + half.T @ solve_triangular(lower, self.target, lower=True)
        return mean, cross(points, points, theta) - half.T @ half

    def believing(self, points: Inputs) -> Surrogate:
        """As if trials at ``points`` had ended with what is expected of them."""
        mean, _ = self.posterior(points, self.draws[0])
        target = np.concatenate([self.target, mean - self.level])
        return replace(self, inputs=self.inputs.joined(points), target=target)

    def part(self, which: int, coordinate: float) -> float:
        """Mean of one other parameter's part at a coordinate, at the mode."""
        theta = self.draws[0]
        total = Covariance.of(self.inputs, theta).total
        alpha = np.linalg.solve(total, self.target)
        return float(other_part(self.inputs, which, coordinate, theta) @ alpha)


def fit(obs: Observations, warp: Warp, shear: float, draws: int, seed: int = 0) -> Surrogate:
    """Fit the surrogate.

    Args:
        shear: prior mean of the valley's slope in coordinates.
        draws: how many sets of hyperparameters to draw, the mode included.
    """
    inputs, target = inputs_of(obs, warp)
    level = float(np.median(target))
    target = target - level
    others = len(obs.nominal)
    mean, sd = prior(others, shear)

    def loss(theta: Array) -> tuple[float, Array]:
        value, slope = _negative_log_likelihood(inputs, target, theta)
        off = (theta - mean) / sd
        return value + 0.5 * float(off @ off), slope + off / sd

    found = minimize(
        loss,
        mean,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 60},
        bounds=[(m - 2.5 * s, m + 2.5 * s) for m, s in zip(mean, sd, strict=True)],
    )
    return Surrogate(warp, inputs, target, level, _laplace(loss, found.x, sd, draws, seed))


def _negative_log_likelihood(inputs: Inputs, target: Array, theta: Array) -> tuple[float, Array]:
    covariance = Covariance.of(inputs, theta)
    lower = np.linalg.cholesky(covariance.total)
    inverse = dpotri(lower, lower=1)[0]
    inverse += np.tril(inverse, -1).T
    alpha = inverse @ target
    value = 0.5 * float(target @ alpha) + float(np.log(np.diag(lower)).sum())
    return value, covariance.slopes(0.5 * (inverse - np.outer(alpha, alpha)))


def _laplace(loss: Any, mode: Array, sd: Array, draws: int, seed: int) -> Array:
    if draws <= 1:
        return mode[None]
    step = 0.1 * sd
    rows = [
        (loss(mode + e)[1] - loss(mode - e)[1]) / (2 * s)
        for e, s in zip(np.diag(step), step, strict=True)
    ]
    hessian = np.array(rows)
    values, vectors = np.linalg.eigh((hessian + hessian.T) / 2 * np.outer(sd, sd))
    spread = vectors / np.sqrt(np.maximum(values, 1.0))  # never wider than the prior
    normal = np.random.default_rng(seed).standard_normal((draws - 1, len(mode)))
    drawn = mode + np.clip(normal @ spread.T, -2.5, 2.5) * sd
    return np.vstack([mode, drawn])
