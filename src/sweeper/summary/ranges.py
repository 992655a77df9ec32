"""New ends for a parameter's range or list of choices: rounded outwards, on its grid, wide enough.

All functions give a specification of the same kind. Positions are shares of the old range, on its
own scale: 0 at the lower end, 1 at the upper.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from sweeper.config import CategoricalParam, FloatParam, IntParam
from sweeper.region.scale import Scale, scale_of

if TYPE_CHECKING:
    from sweeper.records import ParamValue

__all__ = ["Range", "Side", "beyond", "extended", "octave", "part", "picked", "with_ends"]

Range = FloatParam | IntParam
Side = Literal["lower", "upper"]

_DIGITS = 2
_OCTAVES = 2.0
_SHARE = 0.25  # of a linear range


def octave(spec: Range) -> float:
    """A factor of two as a share of a logarithmic range; a tenth of a linear one."""
    return math.log(2) / math.log(spec.high / spec.low) if spec.log else 0.1


def part(spec: Range, low: float, high: float, *, pad: float, least: float) -> tuple[float, float]:
    """Ends inside of the old range that hold the values ``low`` to ``high``.

    Args:
        pad: how much further on each side, as a share of the range.
        least: how wide it is at least, as a share of the range, above 0.
    """
    scale = _scale(spec)
    least = min(least, 1.0)
    first, last = scale.position(low) - pad, scale.position(high) + pad
    lacking = max(0.0, least - (last - first)) / 2
    first = max(0.0, min(first - lacking, 1 - least))
    last = min(1.0, max(last + lacking, first + least))
    ends = min(scale.value(first), low), max(scale.value(last), high)
    return max(ends[0], spec.low), min(ends[1], spec.high)  # rounding may take them out


def with_ends(spec: Range, low: float, high: float) -> Range:
    """The range from ``low`` to ``high``: rounded outwards, but not beyond old ends it was within.

    Raises:
        ValueError: there is no such range.
    """
    if isinstance(spec, IntParam) or spec.step is not None:
        ends = _on_grid(spec, low, high)
    else:
        ends = _short(low, math.floor), _short(high, math.ceil)
    first = max(ends[0], spec.low) if low > spec.low else ends[0]
    last = min(ends[1], spec.high) if high < spec.high else ends[1]
    # an end that stays is not rounded
    first = spec.low if low == spec.low else first
    last = spec.high if high == spec.high else last
    new: Range = _rebuilt(spec, low=first, high=last)
    return new


def beyond(spec: Range, side: Side) -> float | None:
    """Where to move an end: two octaves, or a quarter of a linear range; None for a natural end.

    What is positive stays so, zero stays the least, and shares stay below 1.
    """
    if spec.log:
        return _in_octaves(spec, side)
    step = spec.step or 0.0
    further = _SHARE * (spec.high - spec.low)
    further = step * max(1, round(further / step)) if step else further
    if side == "upper":
        is_share = spec.low >= 0 and spec.high <= 1 and isinstance(spec, FloatParam)
        return spec.high + further if not is_share else _next_share(spec)
    if spec.low <= 0:
        return None if spec.low == 0 else spec.low - further
    moved = spec.low - further
    if moved > step / 2:
        return moved
    return None if step else spec.low / 2


def _in_octaves(spec: Range, side: Side) -> float | None:
    if side == "upper":
        return spec.high * 2**_OCTAVES
    if isinstance(spec, IntParam):
        return max(1.0, spec.low // 2**_OCTAVES) if spec.low > 1 else None
    return spec.low / 2**_OCTAVES


def _next_share(spec: Range) -> float | None:
    """All of it, or one step more; None where that is no share any more."""
    to = float(f"{spec.high + spec.step:.12g}") if spec.step else 1.0
    return to if spec.high < to <= 1 else None


def picked(spec: CategoricalParam, keep: Sequence[ParamValue]) -> CategoricalParam:
    """Those choices that are in ``keep``, in their old order."""
    new: CategoricalParam = _rebuilt(spec, choices=[c for c in spec.choices if c in keep])
    return new


def extended(choices: Sequence[ParamValue], side: Side, to: float | None) -> list[ParamValue]:
    """Rising numbers with further ones at one side, up to ``to`` or one more.

    They go on by their common factor, or else by their common difference; nothing is added where
    they have neither, nor at or below zero.
    """
    numbers = [float(choice) for choice in choices]
    up = side == "upper"
    found = list(choices)
    while (following := _following(numbers, up=up)) is not None:
        if to is not None and (following > to if up else following < to):
            break
        numbers.insert(len(numbers) if up else 0, following)
        whole = all(isinstance(choice, int) for choice in choices)
        found.insert(len(found) if up else 0, int(following) if whole else following)
        if to is None:
            break
    return found


def _following(numbers: Sequence[float], *, up: bool) -> float | None:
    end, before = (numbers[-1], numbers[-2]) if up else (numbers[0], numbers[1])
    pairs = list(itertools.pairwise(numbers))
    if numbers[0] > 0 and all(math.isclose(b / a, numbers[1] / numbers[0]) for a, b in pairs):
        following = float(f"{end * end / before:.12g}")  # 0.1 and 0.2 go on with 0.4
    elif all(math.isclose(b - a, numbers[1] - numbers[0]) for a, b in pairs):
        following = float(f"{2 * end - before:.12g}")
    else:
        return None
    whole = all(number.is_integer() for number in numbers)
    return following if following > 0 and (following.is_integer() or not whole) else None


def _scale(spec: Range) -> Scale:
    scale = scale_of(spec)
    assert scale is not None
    return scale


def _on_grid(spec: Range, low: float, high: float) -> tuple[float, float]:
    """The nearest values of the grid outwards, and at least two of them."""
    start, step = Decimal(repr(spec.low)), Decimal(repr(spec.step or 1))
    # to nine digits: 0.3 - 0.2 is a tenth
    first = math.floor(round((Decimal(repr(low)) - start) / step, 9))
    last = max(math.ceil(round((Decimal(repr(high)) - start) / step, 9)), first + 1)
    return float(start + first * step), float(start + last * step)


def _short(value: float, rounded: Any) -> float:
    """``value`` with two digits, rounded down or up."""
    if value == 0:
        return value
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - _DIGITS + 1)
    return float(f"{rounded(round(value / unit, 6)) * unit:.{_DIGITS}g}")


def _rebuilt(spec: Any, **new: Any) -> Any:
    """The specification with other values, checked as any."""
    if isinstance(spec, IntParam):
        new = {key: int(value) for key, value in new.items()}
    return type(spec).model_validate({**spec.model_dump(), **new})
