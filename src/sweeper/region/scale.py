"""The scale of a searched parameter: numbers on a linear or logarithmic axis, or names in order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweeper.config import ParamSpec
    from sweeper.records import ParamValue

__all__ = ["BATCH_SIZE", "LR", "Scale", "find", "scale_of"]

LR = ("lr", "learning_rate")
BATCH_SIZE = ("batch_size",)


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a parameter's values lie between the ends of its range.

    Attributes:
        low, high: ends of the range; of names, the first and last index.
        choices: the values there are, in order; empty for a range.
        whole: whether a range has whole numbers only.
    """

    low: float
    high: float
    log: bool = False
    choices: tuple[ParamValue, ...] = ()
    nominal: bool = False
    whole: bool = False

    def coordinate(self, value: ParamValue) -> float:
        """The value on the axis: the number itself, or a name's index."""
        return float(self.choices.index(value)) if self.nominal else float(value)

    def position(self, value: ParamValue) -> float:
        """Where the value lies in the range, 0 at the lower end and 1 at the upper."""
        low, high, at = (self._straight(x) for x in (self.low, self.high, self.coordinate(value)))
        return 0.5 if high == low else (at - low) / (high - low)

    def value(self, position: float) -> float:
        """The number at a position: the inverse of `position`, for ranges of numbers."""
        if self.log:
            return float(self.low * (self.high / self.low) ** position)
        return self.low + position * (self.high - self.low)

    @property
    def has_ends(self) -> bool:
        """Names have no order, and of two values one is always the last."""
        return not self.nominal and len(self.choices) != 2

    def apart(self, a: ParamValue, b: ParamValue) -> float:
        """Distance of two values as a share of the range."""
        return abs(self.position(a) - self.position(b))

    def _straight(self, coordinate: float) -> float:
        return math.log(coordinate) if self.log else coordinate


def scale_of(spec: ParamSpec) -> Scale | None:
    """The scale of a searched parameter; None for one that cannot vary."""
    if spec.type == "fixed":
        return None
    if spec.type == "categorical":
        return _of_choices(tuple(spec.choices))
    whole = spec.type == "int"
    return Scale(float(spec.low), float(spec.high), spec.log, whole=whole)


def find(space: Mapping[str, ParamSpec], names: tuple[str, ...]) -> str | None:
    """The searched numeric parameter whose last name component is one of ``names``."""
    for full, spec in space.items():
        scale = scale_of(spec)
        if full.rpartition(".")[2] in names and scale is not None and not scale.nominal:
            return full
    return None


def _of_choices(choices: tuple[ParamValue, ...]) -> Scale | None:
    """Numbers are ordered, and logarithmic where they span a factor of 4 (``[2, 4, 8, 16]``)."""
    if len(set(choices)) < 2:
        return None
    if any(isinstance(choice, (str, bool)) for choice in choices):
        return Scale(0.0, len(choices) - 1.0, choices=choices, nominal=True)
    ordered = tuple(sorted(choices, key=float))
    low, high = float(ordered[0]), float(ordered[-1])
    return Scale(low, high, low > 0 and high >= 4 * low, ordered)
