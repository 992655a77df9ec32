"""A Gaussian process of the objective over the search space and the epochs (Rasmussen, Williams
2006): hyperparameters at the posterior's mode, their uncertainty by Laplace's approximation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular  # type: ignore[import-untyped]
from scipy.optimize import minimize  # type: ignore[import-untyped]

from sweeper.region.kernel import Inputs, covariance, cross, other_part, prior_mean, prior_sd
from sweeper.region.observations import Observations

__all__ = ["Surrogate", "Warp", "fit"]

Array = np.ndarray[Any, Any]

_SCALE = 0.3  # of (median - best): closer to the best the warp is linear, beyond logarithmic
_BAD = 0.5  # standard deviation of the value that stands for a diverged trial
_SOFT = 0.3  # least share of the noise that a bad value keeps after the warp


@dataclass(frozen=True, slots=True)
class Warp:
    """asinh around the best, so that bad values do not bend the valley."""

    best: float
    scale: float

    @classmethod
    def around(cls, obs: Observations) -> Warp:
        final = obs.value[obs.final]
        best = float(final.min())
        every = _last_values(obs)
        spread = float(np.median(every)) - best
        return cls(best, max(_SCALE * spread, 1e-9 * max(1.0, abs(best))))

    def forward(self, value: Array) -> Array:
        found: Array = np.arcsinh((value - self.best) / self.scale)
        return found

    def back(self, warped: Array) -> Array:
        found: Array = self.best + self.scale * np.sinh(np.clip(warped, -8, 8))
        return found


def _last_values(obs: Observations) -> Array:
    last = {int(k): v for k, v in zip(obs.trial, obs.value, strict=True) if np.isfinite(v)}
    return np.array(list(last.values()))


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
        total, _ = covariance(self.inputs, theta)
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
        total, _ = covariance(self.inputs, theta)
        alpha = np.linalg.solve(total, self.target)
        return float(other_part(self.inputs, which, coordinate, theta) @ alpha)


def inputs_of(obs: Observations, warp: Warp) -> tuple[Inputs, Array]:
    """Inputs and warped targets; a diverged trial is as bad as the worst, give or take."""
    diverged = ~np.isfinite(obs.value)
    worst = float(np.max(obs.value[~diverged]))
    warped = warp.forward(np.where(diverged, worst, obs.value))
    warped[diverged] += _BAD
    soft = _SOFT + (1 - _SOFT) / np.cosh(warped)
    extra = np.where(diverged, _BAD**2, 0.0)
    inputs = Inputs(obs.core, obs.others, obs.nominal, obs.left, obs.trial, soft, extra)
    return inputs, warped


def fit(obs: Observations, shear: float, draws: int, seed: int = 0) -> Surrogate:
    """Fit the surrogate.

    Args:
        shear: prior mean of the valley's slope in coordinates.
        draws: how many sets of hyperparameters to draw, the mode included.
    """
    warp = Warp.around(obs)
    inputs, target = inputs_of(obs, warp)
    level = float(np.median(target))
    target = target - level
    others = len(obs.nominal)
    mean, sd = prior_mean(others, shear), prior_sd(others, max(abs(shear), 0.3))

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
        bounds=[(m - 3 * s, m + 3 * s) for m, s in zip(mean, sd, strict=True)],
    )
    return Surrogate(warp, inputs, target, level, _laplace(loss, found.x, sd, draws, seed))


def _negative_log_likelihood(inputs: Inputs, target: Array, theta: Array) -> tuple[float, Array]:
    total, slopes = covariance(inputs, theta, gradient=True)
    factor = cho_factor(total, lower=True, check_finite=False)
    inverse = cho_solve(factor, np.eye(len(target)), check_finite=False)
    alpha = inverse @ target
    value = 0.5 * float(target @ alpha) + float(np.log(np.diag(factor[0])).sum())
    weight = 0.5 * (inverse - np.outer(alpha, alpha))
    return value, np.array([float(np.vdot(weight, slope)) for slope in slopes])


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
