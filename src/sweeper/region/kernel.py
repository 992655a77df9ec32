"""The covariance of the surrogate, with its derivatives.

    y(x, t) = trend(x) + valley(x) + sum_k other_k + left(t) * slow(x) + walk(x, t) + seed + noise

``trend`` is a quadratic with a weak prior; ``valley`` has a Matern-5/2 kernel on the sheared axes
(lr - a * batch, batch); ``slow`` and ``walk`` are what the training still has to gain after epoch
t: a multiple of the time left and a Wiener process in it, both changing smoothly over x, so that an
early epoch can say little or much of the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["HYPER", "SEED", "Inputs", "covariance", "cross", "other_part", "prior_mean", "prior_sd"]

Array = np.ndarray[Any, Any]

HYPER = (
    "length_lr",
    "length_batch",
    "shear",
    "valley",
    "slow",
    "walk",
    "clock",
    "reach",
    "seed",
    "noise",
)
"""The hyperparameters before those of the other parameters; all but the shear as logarithms."""

_LENGTH_LR, _LENGTH_BATCH, _SHEAR, _VALLEY, _SLOW, _WALK, _CLOCK, _REACH, SEED, _NOISE = range(10)

_TREND = np.array([2.0, 1.0, 0.7, 1.0, 0.7, 0.5]) ** 2  # 1, u, v, u2, v2, uv on the warped scale
_GAIN = np.array([1.5, 0.8, 0.8, 0.5, 0.5, 0.5]) ** 2
_OTHER_LENGTH = 0.8


@dataclass(frozen=True, slots=True)
class Inputs:
    """Rows of points; as `Observations` has them.

    Attributes:
        soft: (rows,) what each row's seed and observation noise are multiplied by.
        extra: (rows,) further noise variance.
    """

    core: Array
    others: Array
    nominal: tuple[bool, ...]
    left: Array
    trial: Array
    soft: Array
    extra: Array

    @classmethod
    def at(cls, core: Array, others: Array, nominal: tuple[bool, ...]) -> Inputs:
        """Points at the last epoch, each a trial of its own, with the noise of good ones."""
        none = np.zeros(len(core))
        return cls(core, others, nominal, none, -1 - np.arange(len(core)), none + 1, none)

    def joined(self, more: Inputs) -> Inputs:
        """The rows of both."""

        def both(a: Array, b: Array) -> Array:
            return np.concatenate([a, b])

        return Inputs(
            both(self.core, more.core),
            both(self.others, more.others),
            self.nominal,
            both(self.left, more.left),
            both(self.trial, more.trial),
            both(self.soft, more.soft),
            both(self.extra, more.extra),
        )


def prior_mean(others: int, shear: float) -> Array:
    core = [
        np.log(0.8),
        np.log(1.2),
        shear,
        np.log(0.7),
        np.log(0.5),
        np.log(0.5),
        np.log(0.7),
        0.0,
    ]
    return np.array([*core, np.log(0.15), np.log(0.05), *([np.log(0.4)] * others)])


def prior_sd(others: int, shear: float) -> Array:
    core = [0.5, 0.5, shear, 0.6, 0.7, 0.7, 0.4, 0.4, 0.5, 0.6]
    return np.array([*core, *([0.8] * others)])


def _features(core: Array) -> Array:
    u, v = core.T
    return np.stack([np.ones_like(u), u, v, u * u, v * v, u * v], axis=1)


def _trend(a: Array, b: Array, variance: Array) -> Array:
    found: Array = (_features(a) * variance) @ _features(b).T
    return found


@dataclass(frozen=True, slots=True)
class _Matern:
    """A Matern-5/2 kernel and what its derivatives are made of."""

    value: Array
    slope: Array
    along: Array
    batch: Array

    @classmethod
    def of(cls, a: Array, b: Array, theta: Array, reach: float = 1.0) -> _Matern:
        batch = a[:, None, 1] - b[None, :, 1]
        along = a[:, None, 0] - b[None, :, 0] - theta[_SHEAR] * batch
        along = along / (reach * np.exp(theta[_LENGTH_LR]))
        batch = batch / (reach * np.exp(theta[_LENGTH_BATCH]))
        root = np.sqrt(5 * (along**2 + batch**2))
        decay = np.exp(-root)
        return cls((1 + root + root**2 / 3) * decay, 5 / 3 * (1 + root) * decay, along, batch)

    def gradients(self, theta: Array, reach: float = 1.0) -> dict[int, Array]:
        by_lr = self.slope * self.along**2
        by_batch = self.slope * self.batch**2
        ratio = np.exp(theta[_LENGTH_BATCH] - theta[_LENGTH_LR])
        return {
            _LENGTH_LR: by_lr,
            _LENGTH_BATCH: by_batch,
            _SHEAR: self.slope * self.along * self.batch * ratio,
            _REACH: by_lr + by_batch,
        }


def _clock(left: Array, theta: Array) -> tuple[Array, Array]:
    """The time left on the surrogate's own clock, and its derivative."""
    power = np.exp(theta[_CLOCK])
    at = np.where(left > 0, left, 1.0)
    tau = np.where(left > 0, at**power, 0.0)
    return tau, power * tau * np.log(at)


def _other(a: Array, b: Array, nominal: bool) -> Array:
    """Additive part of one parameter; nothing where it is absent."""
    both = np.isfinite(a)[:, None] & np.isfinite(b)[None, :]
    if nominal:
        return np.where(both & (a[:, None] == b[None, :]), 1.0, 0.0)
    a, b = np.nan_to_num(a), np.nan_to_num(b)
    root = np.sqrt(5) * np.abs(a[:, None] - b[None, :]) / _OTHER_LENGTH
    matern = (1 + root + root**2 / 3) * np.exp(-root)
    bowl = np.outer(a, b) + np.outer(a**2, b**2)
    return np.where(both, matern + bowl, 0.0)


def cross(points: Inputs, data: Inputs, theta: Array) -> Array:
    """(points, rows) covariance of the objective at the last epoch with the data, without noise."""
    found = _trend(points.core, data.core, _TREND)
    found += np.exp(2 * theta[_VALLEY]) * _Matern.of(points.core, data.core, theta).value
    for k, nominal in enumerate(data.nominal):
        amplitude = np.exp(2 * theta[len(HYPER) + k])
        found += amplitude * _other(points.others[:, k], data.others[:, k], nominal)
    return found


def other_part(data: Inputs, which: int, coordinate: float, theta: Array) -> Array:
    """(rows,) covariance of the data with one other parameter's part at a coordinate."""
    at = np.array([coordinate])
    part = _other(at, data.others[:, which], data.nominal[which])[0]
    found: Array = np.exp(2 * theta[len(HYPER) + which]) * part
    return found


def covariance(data: Inputs, theta: Array, *, gradient: bool = False) -> tuple[Array, list[Array]]:
    """(rows, rows) covariance of the data, and its derivatives by hyperparameter if asked."""
    valley = _Matern.of(data.core, data.core, theta)
    reach = float(np.exp(theta[_REACH]))
    gain = _Matern.of(data.core, data.core, theta, reach)
    tau, tau_slope = _clock(data.left, theta)
    v2, s2, w2 = (np.exp(2 * theta[i]) for i in (_VALLEY, _SLOW, _WALK))
    slow = s2 * np.outer(tau, tau)
    walk = w2 * np.minimum.outer(tau, tau)
    over_x = _trend(data.core, data.core, _GAIN) + gain.value
    together = data.trial[:, None] == data.trial[None, :]
    seed = np.where(together, np.exp(2 * theta[SEED]) * np.outer(data.soft, data.soft), 0.0)
    noise = np.diag(np.exp(2 * theta[_NOISE]) * data.soft**2)
    total = _trend(data.core, data.core, _TREND) + v2 * valley.value
    total += (slow + walk) * over_x + seed + noise + np.diag(data.extra + 1e-6)
    parts = [
        (len(HYPER) + k, np.exp(2 * theta[len(HYPER) + k]) * _other(z, z, nominal))
        for k, (z, nominal) in enumerate(zip(data.others.T, data.nominal, strict=True))
    ]
    for _, part in parts:
        total += part
    if not gradient:
        return total, []
    slopes: list[Array] = [np.zeros(0)] * len(theta)
    in_valley = valley.gradients(theta)
    in_gain = gain.gradients(theta, reach)
    time = slow + walk
    for i in (_LENGTH_LR, _LENGTH_BATCH, _SHEAR):
        slopes[i] = v2 * in_valley[i] + time * in_gain[i]
    slopes[_REACH] = time * in_gain[_REACH]
    slopes[_VALLEY] = 2 * v2 * valley.value
    slopes[_SLOW], slopes[_WALK] = 2 * slow * over_x, 2 * walk * over_x
    earlier = np.where(tau[:, None] <= tau[None, :], tau_slope[:, None], tau_slope[None, :])
    ticking = s2 * (np.outer(tau_slope, tau) + np.outer(tau, tau_slope)) + w2 * earlier
    slopes[_CLOCK] = ticking * over_x
    slopes[SEED], slopes[_NOISE] = 2 * seed, 2 * noise
    for i, part in parts:
        slopes[i] = 2 * part
    return total, slopes
