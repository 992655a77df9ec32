from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from sweeper.config.search_space import (
    CategoricalParam,
    FloatParam,
    IntParam,
    ParamSpec,
    active,
    configurations,
    order,
    propose,
    size,
    witness,
)


def spec(**fields: Any) -> Any:
    return TypeAdapter(ParamSpec).validate_python(fields)


def choices(*values: Any, **when: Any) -> Any:
    return spec(type="categorical", choices=list(values), when=when)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"type": "float", "low": 2, "high": 1}, "low < high must hold"),
        ({"type": "int", "low": 1, "high": 1}, "low < high must hold"),
        ({"type": "float", "low": 0, "high": 1, "log": True}, "log: true needs low > 0"),
        ({"type": "int", "low": -1, "high": 1, "log": True}, "log: true needs low > 0"),
        ({"type": "float", "low": 0, "high": 1, "step": 0.3}, r"high: 0.9 or 1.2 would do"),
        ({"type": "int", "low": 1, "high": 6, "step": 2}, r"high: 5 or 7 would do"),
        ({"type": "float", "low": 1, "high": 2, "log": True, "step": 0.5}, "exclude each other"),
        ({"type": "int", "low": 1, "high": 9, "log": True, "step": 2}, "exclude each other"),
        ({"type": "float", "low": 0, "high": math.inf}, "finite number"),
        ({"type": "float", "low": 0, "high": 1, "step": 0}, "greater than 0"),
        ({"type": "categorical", "choices": []}, "at least 1 item"),
        ({"type": "categorical", "choices": ["a", "b", "a"]}, "'a' is there twice"),
        ({"type": "categorical", "choices": [1, 1.0]}, "1.0 is there twice"),
        ({"type": "fixed", "value": None}, "value"),
        ({"type": "fixed", "value": 1, "when": {"a": []}}, "at least 1 item"),
    ],
)
def test_a_parameter_checks_itself(fields: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValidationError, match=rule):
        spec(**fields)


def test_two_broken_rules_are_told_both() -> None:
    with pytest.raises(ValidationError, match=r"low < high(.|\n)*log: true needs"):
        spec(type="float", low=0, high=-1, log=True)


def test_values_of_a_stepped_range_are_free_of_rounding() -> None:
    assert spec(type="float", low=0.1, high=0.5, step=0.1).values() == (0.1, 0.2, 0.3, 0.4, 0.5)


@pytest.mark.parametrize(
    ("values", "ordered"),
    [
        ([2, 4, 8], True),
        ([0.5, 1, 4], True),
        ([8, 4], False),
        ([2], False),
        ([2, "4"], False),
        ([False, True], False),
        (["a", "b"], False),
    ],
)
def test_rising_numbers_are_ordered_choices(values: list[Any], ordered: bool) -> None:
    assert choices(*values).ordered is ordered


@pytest.mark.parametrize(
    ("parameter", "inside", "outside"),
    [
        (spec(type="float", low=1, high=2), [1, 1.5, 2.0], [0.9, 2.1, True, "1"]),
        (spec(type="float", low=0, high=1, step=0.25), [0, 0.75], [0.3]),
        (spec(type="int", low=1, high=7, step=3), [1, 4, 7], [2, 10, 4.0, True]),
        (choices(2, "a", True), ["a", True, 2], ["b", False, 1]),
        (choices(2, 4), [2, 4.0], [True, "2"]),
        (spec(type="fixed", value=3), [3, 3.0], [4, "3"]),
    ],
)
def test_a_parameter_accepts_its_values(
    parameter: Any, inside: list[Any], outside: list[Any]
) -> None:
    assert all(parameter.accepts(value) for value in inside)
    assert not any(parameter.accepts(value) for value in outside)


SPACE = {
    "hop": choices(64, 128, **{"model.n_fft": 512}),
    "model.n_fft": choices(256, 512, **{"model.encoder": "stft"}),
    "model.encoder": choices("learned", "stft", "none"),
    "kernel": spec(type="int", low=8, high=16, step=4, when={"model.encoder": ["learned", "none"]}),
}


def test_a_parameter_comes_after_those_that_it_waits_for() -> None:
    assert order(SPACE) == ("model.encoder", "model.n_fft", "hop", "kernel")


def test_without_conditions_the_order_is_as_written() -> None:
    assert order({"b": choices(1), "a": choices(1)}) == ("b", "a")


def test_a_circle_is_shown() -> None:
    circle = {"a": choices(1, b=1), "b": choices(1, c=1), "c": choices(1, a=1)}
    with pytest.raises(ValueError, match="a -> b -> c -> a"):
        order(circle)


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"model.encoder": "learned"}, ("model.encoder", "kernel")),
        ({"model.encoder": "stft", "model.n_fft": 256}, ("model.encoder", "model.n_fft")),
        (
            {"model.encoder": "stft", "model.n_fft": 512},
            ("model.encoder", "model.n_fft", "hop"),
        ),
        ({"model.encoder": "learned", "model.n_fft": 512}, ("model.encoder", "kernel")),
        ({}, ("model.encoder",)),
    ],
)
def test_what_is_active_depends_on_active_parameters_only(
    params: dict[str, Any], names: tuple[str, ...]
) -> None:
    assert active(SPACE, params) == names


def test_a_fixed_parameter_counts_for_conditions() -> None:
    space = {"a": spec(type="fixed", value="x"), "b": choices(1, 2, a="x"), "c": choices(1, a="y")}
    assert active(space, {}) == ("a", "b")
    assert propose(space, lambda _, parameter: parameter.values()[0]) == {"a": "x", "b": 1}


def test_every_configuration_comes_once() -> None:
    found = list(configurations(SPACE))
    assert len(found) == len({tuple(c.items()) for c in found}) == size(SPACE) == 3 + 3 + 1 + 2


def test_a_space_with_a_continuous_range_is_infinite() -> None:
    space = {"lr": spec(type="float", low=0, high=1), "b": choices(1, 2)}
    assert size(space) is None
    with pytest.raises(ValueError, match="lr has infinitely many values"):
        list(configurations(space))


def test_a_large_space_is_counted_without_listing_it() -> None:
    wide = {f"x{i}": spec(type="int", low=1, high=10**6) for i in range(20)}
    assert size(wide) == 10**120


def test_a_witness_activates_its_parameter() -> None:
    assert witness(SPACE, "hop") == {"model.encoder": "stft", "model.n_fft": 512}
    assert witness(SPACE, "model.encoder") == {}


def test_there_is_no_witness_where_conditions_exclude_each_other() -> None:
    space = {"a": choices(1, 2), "b": choices(1, a=1), "c": choices(1, a=2, b=1)}
    assert witness(space, "c") is None


names = st.sampled_from("abcdef")


@st.composite
def spaces(draw: st.DrawFn) -> dict[str, Any]:
    """Finite spaces whose conditions refer to parameters that were made before them."""
    space: dict[str, Any] = {}
    for name in draw(st.lists(names, min_size=1, unique=True)):
        when = {}
        for parent in (
            draw(st.lists(st.sampled_from(sorted(space)), max_size=2, unique=True)) if space else ()
        ):
            values = list(space[parent].values())
            when[parent] = draw(st.lists(st.sampled_from(values), min_size=1, max_size=2))
        kind = draw(st.sampled_from(["int", "categorical", "fixed"]))
        fields: dict[str, Any] = {
            "int": {"low": 0, "high": draw(st.integers(1, 3))},
            "categorical": {
                "choices": draw(st.sampled_from([["x", "y"], [2, 4, 8], [True, False]]))
            },
            "fixed": {"value": draw(st.sampled_from(["x", 1, 0.5]))},
        }[kind]
        space[name] = spec(type=kind, when=when, **fields)
    return dict(draw(st.permutations(list(space.items()))))


@given(spaces())
def test_size_counts_the_configurations(space: dict[str, Any]) -> None:
    found = [tuple(sorted(c.items(), key=str)) for c in configurations(space)]
    assert size(space) == len(found) == len(set(found))


@given(spaces(), st.randoms())
def test_proposals_are_exactly_the_active_parameters(space: dict[str, Any], random: Any) -> None:
    params = propose(space, lambda _, parameter: random.choice(list(parameter.values())))
    assert tuple(params) == active(space, params)
    assert all(space[name].accepts(value) for name, value in params.items())
    assert params in list(configurations(space))


@given(spaces())
def test_a_witness_is_found_exactly_where_some_configuration_has_the_parameter(
    space: dict[str, Any],
) -> None:
    reachable = {name for c in configurations(space) for name in c}
    for name in space:
        found = witness(space, name)
        assert (found is not None) == (name in reachable)
        assert found is None or name in active(space, found)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e3), st.integers(1, 50))
def test_a_stepped_range_accepts_all_its_values(low: float, step: float, count: int) -> None:
    low, step = round(low, 3), round(step, 3)
    stepped = FloatParam(type="float", low=low, high=round(low + step * count, 6), step=step)
    assert stepped.size == count + 1
    assert all(stepped.accepts(value) for value in stepped.values() or ())


def test_kinds_are_told_apart_by_their_class() -> None:
    assert isinstance(spec(type="int", low=1, high=2), IntParam)
    assert isinstance(choices(1), CategoricalParam)
