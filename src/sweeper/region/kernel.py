"""The covariance of the surrogate, and the derivatives of sums of it.

    y(x, t) = (1 - fade * left(t)) * f(x) + left(t) * slow(x) + walk(x, t) + own(t)
              + seed + noise
    f(x)    = trend(x) + valley(x) + sum_k other_k(x)

``f`` is the objective after the last epoch: ``trend`` a quadratic with a weak prior, ``valley``
with a squared-exponential kernel on the sheared axes (lr - a * batch, batch), each other parameter
additive.
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
from sweeper.region.sheared import BATCH, LENGTHS, LR, SHEAR, Sheared

__all__ = ["HYPER", "SEED", "Covariance", "cross", "other_part", "prior"]

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
    first, which = data.trials()
    core = data.core[first]
    found = _trend(points.core, core, _TREND)
    found += np.exp(2 * theta[_VALLEY]) * Sheared.of(points.core, core, theta).value
    for k, nominal in enumerate(data.nominal):
        amplitude = np.exp(2 * theta[HYPER + k])
        found += amplitude * _other(points.others[:, k], data.others[first, k], nominal)
    return found[:, which] * _Time.of(data.left, theta).seen


def other_part(data: Inputs, which: int, coordinate: float, theta: Array) -> Array:
    """(rows,) covariance of the data with one other parameter's part at a coordinate."""
    at = np.array([coordinate])
    part = _other(at, data.others[:, which], data.nominal[which])[0]
    found: Array = np.exp(2 * theta[HYPER + which]) * part * _Time.of(data.left, theta).seen
    return found


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
class Covariance:
    """The covariance of the data, and what it is the sum of.

    What depends on the configuration alone is kept for each trial, since its rows share it.

    Attributes:
        which: (rows,) the row's trial, and ``starts``: the first row of each.
        valley, others, objective: (trials, trials) the objective after the last epoch, to be
            multiplied by what is ``seen`` of it at two epochs.
        gain, over_x: (trials, trials) what is left to gain, to be multiplied by ``slow + walk``.
        slow, walk, own, seed: (rows, rows).
        noise: (rows,) its variance.
        total: (rows, rows)
    """

    theta: Array
    which: Array
    starts: Array
    time: _Time
    valley: Sheared
    others: tuple[Array, ...]
    objective: Array
    gain: Sheared
    over_x: Array
    slow: Array
    walk: Array
    own: Array
    seed: Array
    noise: Array
    total: Array

    @classmethod
    def of(cls, data: Inputs, theta: Array) -> Covariance:
        time = _Time.of(data.left, theta)
        starts, which = data.trials()
        core = data.core[starts]
        valley = Sheared.of(core, core, theta)
        others = tuple(
            np.exp(2 * theta[HYPER + k]) * _other(z, z, nominal)
            for k, (z, nominal) in enumerate(zip(data.others[starts].T, data.nominal, strict=True))
        )
        objective = _trend(core, core, _TREND)
        objective = objective + np.exp(2 * theta[_VALLEY]) * valley.value + sum(others)
        gain = Sheared.of(core, core, theta, float(np.exp(theta[_REACH])))
        over_x = _trend(core, core, _GAIN) + gain.value
        slow = np.exp(2 * theta[_SLOW]) * np.outer(time.tau, time.tau)
        earlier = np.minimum.outer(time.tau, time.tau)
        walk = np.exp(2 * theta[_WALK]) * earlier
        together = which[:, None] == which[None, :]
        seed = np.exp(2 * theta[SEED]) * np.outer(data.soft, data.soft) * together
        own = np.exp(2 * theta[_OWN]) * earlier * together
        noise = np.exp(2 * theta[_NOISE]) * data.soft**2
        pairs = np.ix_(which, which)
        total = np.outer(time.seen, time.seen) * objective[pairs]
        total += (slow + walk) * over_x[pairs] + own + seed
        total[np.diag_indices_from(total)] += noise + data.extra + _JITTER
        return cls(
            theta, which, starts, time, valley, others, objective, gain, over_x,
            slow, walk, own, seed, noise, total,
        )  # fmt: skip

    def slopes(self, weight: Array) -> Array:
        """(hyperparameters,) derivatives of ``(weight * total).sum()``, where that is symmetric."""
        theta, time = self.theta, self.time
        found = np.zeros(len(theta))
        of_objective = self._by_trial(weight * np.outer(time.seen, time.seen))
        of_gain = self._by_trial(weight * (self.slow + self.walk))
        v2 = np.exp(2 * theta[_VALLEY])
        by_gain = self.gain.slopes(of_gain, theta)
        found[:LENGTHS] = v2 * self.valley.slopes(of_objective, theta) + by_gain
        found[_REACH] = by_gain[LR] + by_gain[BATCH]
        found[_VALLEY] = 2 * v2 * np.vdot(of_objective, self.valley.value)
        found[_OWN], found[SEED] = 2 * np.vdot(weight, self.own), 2 * np.vdot(weight, self.seed)
        found[_NOISE] = 2 * np.vdot(np.diag(weight), self.noise)
        for k, other in enumerate(self.others):
            found[HYPER + k] = 2 * np.vdot(of_objective, other)
        self._time_slopes(weight, found)
        return found

    def _time_slopes(self, weight: Array, found: Array) -> None:
        """Those that come by the epochs."""
        tau, slope, seen = self.time.tau, self.time.slope, self.time.seen
        s2, w2, o2 = np.exp(2 * self.theta[[_SLOW, _WALK, _OWN]])
        pairs = np.ix_(self.which, self.which)
        objective, over_x = weight * self.objective[pairs], weight * self.over_x[pairs]
        found[_SLOW], found[_WALK] = 2 * np.vdot(over_x, self.slow), 2 * np.vdot(over_x, self.walk)
        found[_FADE] = -2 * tau @ objective @ seen
        earlier = np.where(tau[:, None] <= tau[None, :], slope[:, None], slope[None, :])
        found[_CLOCK] = (
            2 * s2 * slope @ over_x @ tau
            + w2 * np.vdot(over_x, earlier)
            + o2 * np.vdot(weight * (self.own > 0), earlier)
            - 2 * self.theta[_FADE] * slope @ objective @ seen
        )

    def _by_trial(self, pairs: Array) -> Array:
        """(trials, trials) sums of (rows, rows)."""
        rows: Array = np.add.reduceat(pairs, self.starts, axis=0)
        return np.add.reduceat(rows, self.starts, axis=1)


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
