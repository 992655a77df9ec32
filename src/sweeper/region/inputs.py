"""The points of a surrogate: where its data lie, and where it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Inputs"]

Array = np.ndarray[Any, Any]


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

    def trials(self) -> tuple[Array, Array]:
        """First row of each trial, and for each row which trial it is of; a trial's rows adjoin."""
        begins = np.append(True, self.trial[1:] != self.trial[:-1])
        return np.flatnonzero(begins), np.cumsum(begins) - 1

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
