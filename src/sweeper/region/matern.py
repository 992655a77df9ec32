"""A Matern-5/2 kernel over lr and batch size on sheared axes, with its derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["BATCH", "LENGTHS", "LR", "SHEAR", "Matern"]

Array = np.ndarray[Any, Any]

LR, BATCH, SHEAR = range(3)
"""Where the logarithms of the two lengths, and the shear, stand among the hyperparameters."""

LENGTHS = 3


@dataclass(frozen=True, slots=True)
class Matern:
    """Attributes:
    value: (a, b) the kernel; ``slope``: minus its derivative by half the squared distance.
    along, across: (a, b) the distances, in lengths.
    """

    value: Array
    slope: Array
    along: Array
    across: Array

    @classmethod
    def of(cls, a: Array, b: Array, theta: Array, reach: float = 1.0) -> Matern:
        """Between (a, 2) and (b, 2) coordinates; ``reach`` multiplies both lengths."""
        batch = a[:, None, 1] - b[None, :, 1]
        lr = a[:, None, 0] - b[None, :, 0] - theta[SHEAR] * batch
        along = lr / (reach * np.exp(theta[LR]))
        across = batch / (reach * np.exp(theta[BATCH]))
        root = np.sqrt(5 * (along**2 + across**2))
        decay = np.exp(-root)
        return cls((1 + root + root**2 / 3) * decay, 5 / 3 * (1 + root) * decay, along, across)

    def gradients(self, theta: Array) -> tuple[Array, Array, Array]:
        """By the logarithms of the lengths and by the shear."""
        ratio = np.exp(theta[BATCH] - theta[LR])
        return (
            self.slope * self.along**2,
            self.slope * self.across**2,
            self.slope * self.along * self.across * ratio,
        )
