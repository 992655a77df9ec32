"""The covariance of the surrogate, with its derivatives.

    y(x, t) = (1 - fade * left(t)) * f(x) + left(t) * slow(x) + walk(x, t) + own(t)
              + seed + noise
    f(x)    = trend(x) + valley(x) + sum_k other_k(x)

``f`` is the objective after the last epoch: ``trend`` a quadratic with a weak prior, ``valley``
with a Matern-5/2 kernel on the sheared axes (lr - a * batch, batch), each other parameter additive.
``slow`` and ``walk`` are what the training still has to gain after epoch t: a multiple of the time
left, and a Wiener process in it, both smooth over x. ``fade`` says how much of ``f`` is yet to be
seen early on, so an early epoch can say little of the last one, or the opposite. ``own`` is each
trial's own way to the end, ``seed`` its luck that stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sweeper.region.inputs import Inputs
from sweeper.region.matern import BATCH, LENGTHS, LR, SHEAR, Matern

__all__ = ["HYPER", "SEED", "covariance", "cross", "gradients", "other_part", "prior"]

Array = np.ndarray[Any, Any]

_VALLEY, _SLOW, _WALK, _CLOCK, _REACH, SEED, _NOISE, _FADE, _OWN = range(LENGTHS, LENGTHS + 9)
HYPER = LENGTHS + 9
"""How many hyperparameters there are before those of the other parameters. All are logarithms but
the shear and the fading."""

_TREND = np.array([2.0, 1.0, 0.7, 1.0, 0.7, 0.5]) ** 2  # 1, u, v, u2, v2, uv on the warped scale
_GAIN = np.array([1.5, 0.8, 0.8, 0.5, 0.5, 0.5]) ** 2
_OTHER_LENGTH = 0.8
_JITTER = 1e-6


def prior(others: int, shear: float) -> tuple[Array, Array]:
    """Mean and standard deviation of the hyperparameters' normal prior.

    Args:
        shear: of the slope in coordinates, its mean.
    """
    mean = np.zeros(HYPER + others)
    sd = np.full(HYPER + others, 0.6)
    mean[[LR, BATCH, SHEAR]] = np.log(0.8), np.log(1.2), shear
    mean[[_VALLEY, _SLOW, _WALK, _CLOCK]] = np.log([0.7, 0.5, 0.5, 0.7])
    mean[[SEED, _NOISE]] = np.log([0.2, 0.07])
    mean[_OWN] = np.log(0.3)
    mean[_FADE] = 0.3
    mean[HYPER:] = np.log(0.4)
    sd[[LR, BATCH, SHEAR]] = 0.5, 0.5, max(abs(shear), 0.3)
    sd[[_CLOCK, _REACH, _FADE, SEED]] = 0.4  # a wide prior lets the seeds explain everything
    return mean, sd


def cross(points: Inputs, data: Inputs, theta: Array) -> Array:
    """(points, rows) covariance of the objective after the last epoch with the data."""
    found = _trend(points.core, data.core, _TREND)
    found += np.exp(2 * theta[_VALLEY]) * Matern.of(points.core, data.core, theta).value
    for k, nominal in enumerate(data.nominal):
        amplitude = np.exp(2 * theta[HYPER + k])
        found += amplitude * _other(points.others[:, k], data.others[:, k], nominal)
    return found * _Time.of(data.left, theta).seen


def other_part(data: Inputs, which: int, coordinate: float, theta: Array) -> Array:
    """(rows,) covariance of the data with one other parameter's part at a coordinate."""
    at = np.array([coordinate])
    part = _other(at, data.others[:, which], data.nominal[which])[0]
    found: Array = np.exp(2 * theta[HYPER + which]) * part * _Time.of(data.left, theta).seen
    return found


def covariance(data: Inputs, theta: Array) -> Array:
    """(rows, rows) covariance of the data."""
    return _Parts.of(data, theta).total


def gradients(data: Inputs, theta: Array) -> tuple[Array, list[Array]]:
    """The covariance of the data, and its derivatives by hyperparameter."""
    parts = _Parts.of(data, theta)
    slopes: list[Array] = [np.zeros(0)] * len(theta)
    valley, gain = parts.valley.gradients(theta), parts.gain.gradients(theta)
    time, v2 = parts.slow + parts.walk, np.exp(2 * theta[_VALLEY])
    for i in range(LENGTHS):
        slopes[i] = parts.seen * v2 * valley[i] + time * gain[i]
    slopes[_REACH] = time * (gain[LR] + gain[BATCH])
    slopes[_VALLEY] = 2 * parts.seen * v2 * parts.valley.value
    slopes[_SLOW], slopes[_WALK] = 2 * parts.slow * parts.over_x, 2 * parts.walk * parts.over_x
    slopes[_OWN] = 2 * parts.own
    slopes[SEED], slopes[_NOISE] = 2 * parts.seed, 2 * np.diag(parts.noise)
    slopes[_CLOCK], slopes[_FADE] = _time_slopes(parts, theta)
    for k, other in enumerate(parts.others):
        slopes[HYPER + k] = 2 * parts.seen * other
    return parts.total, slopes


def _time_slopes(parts: _Parts, theta: Array) -> tuple[Array, Array]:
    """By the clock, and by the fading."""
    tau, slope, seen = parts.time.tau, parts.time.slope, parts.time.seen
    s2, w2, fade = np.exp(2 * theta[_SLOW]), np.exp(2 * theta[_WALK]), theta[_FADE]
    earlier = np.where(tau[:, None] <= tau[None, :], slope[:, None], slope[None, :])
    by_clock = (s2 * _both(slope, tau) + w2 * earlier) * parts.over_x
    by_clock += np.exp(2 * theta[_OWN]) * earlier * (parts.own > 0)
    by_clock -= fade * _both(slope, seen) * parts.objective
    return by_clock, -_both(tau, seen) * parts.objective


def _both(a: Array, b: Array) -> Array:
    found: Array = np.outer(a, b)
    return found + found.T


@dataclass(frozen=True, slots=True)
class _Time:
    """What a row's epoch means to the surrogate.

    Attributes:
        tau: (rows,) the time left on its own clock, and ``slope``: the derivative by that.
        seen: (rows,) how much of the objective shows at the epoch.
    """

    tau: Array
    slope: Array
    seen: Array

    @classmethod
    def of(cls, left: Array, theta: Array) -> _Time:
        power = np.exp(theta[_CLOCK])
        at = np.where(left > 0, left, 1.0)
        tau = np.where(left > 0, at**power, 0.0)
        return cls(tau, power * tau * np.log(at), 1 - theta[_FADE] * tau)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The covariance of the data and what it is the sum of, all (rows, rows).

    Attributes:
        objective: of the objective after the last epoch, to be multiplied by ``seen``.
        over_x: of what is left to gain, to be multiplied by ``slow + walk``.
        noise: (rows,) its variance.
    """

    time: _Time
    seen: Array
    valley: Matern
    others: tuple[Array, ...]
    objective: Array
    gain: Matern
    over_x: Array
    slow: Array
    walk: Array
    own: Array
    seed: Array
    noise: Array
    total: Array

    @classmethod
    def of(cls, data: Inputs, theta: Array) -> _Parts:
        time = _Time.of(data.left, theta)
        seen = np.outer(time.seen, time.seen)
        valley = Matern.of(data.core, data.core, theta)
        others = tuple(
            np.exp(2 * theta[HYPER + k]) * _other(z, z, nominal)
            for k, (z, nominal) in enumerate(zip(data.others.T, data.nominal, strict=True))
        )
        objective = _trend(data.core, data.core, _TREND)
        objective = objective + np.exp(2 * theta[_VALLEY]) * valley.value + sum(others)
        gain = Matern.of(data.core, data.core, theta, float(np.exp(theta[_REACH])))
        over_x = _trend(data.core, data.core, _GAIN) + gain.value
        slow = np.exp(2 * theta[_SLOW]) * np.outer(time.tau, time.tau)
        walk = np.exp(2 * theta[_WALK]) * np.minimum.outer(time.tau, time.tau)
        together = data.trial[:, None] == data.trial[None, :]
        seed = np.exp(2 * theta[SEED]) * np.outer(data.soft, data.soft) * together
        own = np.exp(2 * theta[_OWN]) * np.minimum.outer(time.tau, time.tau) * together
        noise = np.exp(2 * theta[_NOISE]) * data.soft**2
        total = seen * objective + (slow + walk) * over_x + own + seed
        total += np.diag(noise + data.extra + _JITTER)
        return cls(
            time, seen, valley, others, objective, gain, over_x, slow, walk, own, seed, noise, total
        )


def _features(core: Array) -> Array:
    u, v = core.T
    return np.stack([np.ones_like(u), u, v, u * u, v * v, u * v], axis=1)


def _trend(a: Array, b: Array, variance: Array) -> Array:
    found: Array = (_features(a) * variance) @ _features(b).T
    return found


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
