"""A squared-exponential kernel over lr and batch size on sheared axes, with its derivatives.

It is smooth: losses have no small waves over lr, and the minima of rougher samples (Matern) lie too
low, which makes the set near each of them too small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["BATCH", "LENGTHS", "LR", "SHEAR", "Sheared"]

Array = np.ndarray[Any, Any]

LR, BATCH, SHEAR = range(3)
"""Where the logarithms of the two lengths, and the shear, stand among the hyperparameters."""

LENGTHS = 3


@dataclass(frozen=True, slots=True)
class Sheared:
    """Attributes:
    value: (a, b) the kernel.
    along, across: (a, b) the distances, in lengths.
    """

    value: Array
    along: Array
    across: Array

    @classmethod
    def of(cls, a: Array, b: Array, theta: Array, reach: float = 1.0) -> Sheared:
        """Between (a, 2) and (b, 2) coordinates; ``reach`` multiplies both lengths."""
        batch = a[:, None, 1] - b[None, :, 1]
        lr = a[:, None, 0] - b[None, :, 0] - theta[SHEAR] * batch
        along = lr / (reach * np.exp(theta[LR]))
        across = batch / (reach * np.exp(theta[BATCH]))
        return cls(np.exp(-0.5 * (along**2 + across**2)), along, across)

    def slopes(self, weight: Array, theta: Array) -> Array:
        """(LENGTHS,) derivatives of the ``weight``-ed sum by the log lengths and the shear."""
        along, across = weight * self.value * self.along, self.across
        ratio = np.exp(theta[BATCH] - theta[LR])
        by_lr, by_shear = np.vdot(along, self.along), np.vdot(along, across) * ratio
        by_batch = np.vdot(weight * self.value, across**2)
        return np.array([by_lr, by_batch, by_shear])
