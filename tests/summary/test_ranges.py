"""New ends for ranges and choices: never crossed, never beyond sense, always on the grid."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sweeper.config import CategoricalParam, FloatParam, IntParam
from sweeper.summary.ranges import Range, Side, beyond, extended, octave, part, picked, with_ends

SIDES = st.sampled_from(["lower", "upper"])


@st.composite
def ranges(draw: st.DrawFn) -> Range:
    """Any range that a search space can have."""
    log = draw(st.booleans())
    if draw(st.booleans()):
        low = draw(st.integers(1 if log else -20, 60))
        step = 1 if log else draw(st.integers(1, 5))
        high = low + step * draw(st.integers(1, 50))
        return IntParam(type="int", low=low, high=high, log=log, step=step)
    if not log and draw(st.booleans()):
        low, steps = draw(st.integers(-5, 5)), draw(st.integers(1, 30))
        return FloatParam(type="float", low=low / 10, high=(low + steps) / 10, step=0.1)
    if log:
        low_log = draw(st.floats(-8, 2))
        return FloatParam(
            type="float", low=10**low_log, high=10 ** (low_log + draw(st.floats(0.1, 6))), log=True
        )
    low_end = draw(st.floats(-100, 100))
    return FloatParam(type="float", low=low_end, high=low_end + draw(st.floats(0.01, 1000)))


def _inner(spec: Range, first: float, second: float) -> tuple[float, float]:
    """Two values of the range, at shares of it."""
    values = spec.values()
    a, b = sorted((first, second))
    if values is not None:
        last = len(values) - 1
        return float(values[round(a * last)]), float(values[round(b * last)])
    if spec.log:
        return spec.low * (spec.high / spec.low) ** a, spec.low * (spec.high / spec.low) ** b
    return spec.low + a * (spec.high - spec.low), spec.low + b * (spec.high - spec.low)


@given(ranges(), st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.5), st.floats(0.05, 1))
def test_a_part_holds_what_it_is_for_and_stays_inside(
    spec: Range, first: float, second: float, pad: float, least: float
) -> None:
    low, high = _inner(spec, first, second)
    low, high = max(low, spec.low), min(high, spec.high)
    ends = part(spec, low, high, pad=pad, least=least)
    new = with_ends(spec, *ends)
    assert spec.low <= new.low < new.high <= spec.high
    rounding = 1e-9 * (spec.high - spec.low)
    assert new.low <= low + rounding
    assert high <= new.high + rounding
    assert (type(new), new.log, new.step) == (type(spec), spec.log, spec.step)
    assert new.accepts(new.low)
    assert new.accepts(new.high)
    assert spec.accepts(new.low)
    assert spec.accepts(new.high)


@given(ranges(), SIDES)
def test_a_moved_end_is_further_out_and_keeps_its_sign(spec: Range, side: Side) -> None:
    to = beyond(spec, side)
    assume(to is not None)
    assert to is not None
    low, high = (to, spec.high) if side == "lower" else (spec.low, to)
    new = with_ends(spec, low, high)
    if side == "upper":
        assert (new.low, new.high > spec.high) == (spec.low, True)
    else:
        assert (new.low < spec.low, new.high) == (True, spec.high)
    assert new.low > 0 or spec.low <= 0
    assert new.accepts(spec.low)
    assert new.accepts(spec.high)


@pytest.mark.parametrize(
    ("spec", "side", "to"),
    [
        (FloatParam(type="float", low=1e-4, high=1e-2, log=True), "upper", 4e-2),
        (FloatParam(type="float", low=1e-4, high=1e-2, log=True), "lower", 2.5e-5),
        (FloatParam(type="float", low=0.0, high=0.5), "lower", None),  # a dropout is not below 0
        (FloatParam(type="float", low=0.0, high=0.5), "upper", 1.0),
        (FloatParam(type="float", low=0.0, high=1.0), "upper", None),
        (FloatParam(type="float", low=1.0, high=9.0), "upper", 11.0),
        (FloatParam(type="float", low=1.0, high=9.0), "lower", 0.5),
        (IntParam(type="int", low=1, high=4), "lower", None),  # no layer less than one
        (IntParam(type="int", low=1, high=4), "upper", 5),
        (IntParam(type="int", low=2, high=4), "lower", 1),
        (FloatParam(type="float", low=0.2, high=0.7, step=0.1), "lower", 0.1),
        (FloatParam(type="float", low=0.2, high=0.7, step=0.1), "upper", 0.8),
        (FloatParam(type="float", low=0.2, high=0.8, step=0.3), "upper", None),
        (IntParam(type="int", low=1, high=64, log=True), "upper", 256),
    ],
)
def test_natural_ends_stay(spec: Range, side: Side, to: float | None) -> None:
    assert beyond(spec, side) == (to if to is None else pytest.approx(to))


@pytest.mark.parametrize(
    ("choices", "side", "to", "found"),
    [
        ([2, 4, 8, 16], "upper", 64.0, [2, 4, 8, 16, 32, 64]),
        ([2, 4, 8, 16], "lower", 1.0, [1, 2, 4, 8, 16]),
        ([1, 2, 4], "lower", None, [1, 2, 4]),  # half a recording is none
        ([128, 256, 512], "lower", None, [64, 128, 256, 512]),
        ([10, 20, 30], "upper", None, [10, 20, 30, 40]),
        ([10, 20, 30], "lower", None, [10, 20, 30]),
        ([1, 2, 7], "upper", None, [1, 2, 7]),
        ([0.1, 0.2], "upper", None, [0.1, 0.2, 0.4]),
    ],
)
def test_choices_go_on_as_they_began(
    choices: list[float], side: Side, to: float | None, found: list[float]
) -> None:
    assert extended(choices, side, to) == found


@given(st.integers(1, 6), st.integers(2, 4), st.integers(2, 5), SIDES, st.floats(1, 1000))
def test_more_choices_are_rising_numbers_of_the_same_kind(
    first: int, factor: int, count: int, side: Side, to: float
) -> None:
    choices = [first * factor**i for i in range(count)]
    found = extended(choices, side, to)
    assert set(choices) <= set(found)
    assert found == sorted(set(found))
    assert all(isinstance(choice, int) and choice > 0 for choice in found)
    new = [choice for choice in found if choice not in choices]
    assert all(choice <= to if side == "upper" else choice >= to for choice in new)


def test_picked_choices_keep_their_order_and_condition() -> None:
    spec = CategoricalParam(type="categorical", choices=("c", "a", "b"), when={"x": (1,)})
    new = picked(spec, ["b", "c"])
    assert (new.choices, new.when) == (("c", "b"), {"x": (1,)})


def test_an_octave_is_a_factor_of_two() -> None:
    spec = FloatParam(type="float", low=1.0, high=16.0, log=True)
    assert octave(spec) == pytest.approx(1 / 4)
    low, high = part(spec, 4.0, 4.0, pad=octave(spec), least=0.0)
    assert (low, high) == pytest.approx((2.0, 8.0))
    assert math.isclose(octave(FloatParam(type="float", low=0.0, high=5.0)), 0.1)
