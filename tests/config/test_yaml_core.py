from __future__ import annotations

import math
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweeper.config.yaml_core import dump, parse


def place(line: int) -> str:
    return f"f:{line}"


def value_of(text: str) -> Any:
    value, _, problems = parse(text, place)
    assert not problems
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1E+3", 1000.0),
        ("-2.5e-3", -2.5e-3),
        (".5", 0.5),
        ("5.", 5.0),
        ("3", 3),
        ("-3", -3),
        ("0x10", 16),
        ("0o17", 15),
        ("012", 12),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("'1e-4'", "1e-4"),
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2024-01-01", "2024-01-01"),
        ("1.2.3", "1.2.3"),
        ("e5", "e5"),
        (".", "."),
        ("-", [None]),
        ("!!float 3", 3.0),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: [1, 2", "f:2: YAML syntax: "),
        ("a:\n\tb: 1", "f:2: YAML syntax: a tab where YAML wants spaces"),
        ("a: 1\na: 2", "f:2: 'a' is given twice (first at line 1)"),
        ("a: &x 1\nb: *x", "f:1: YAML syntax: anchors (&) and aliases (*) are not supported"),
        ("b: *x", "f:1: YAML syntax: anchors (&) and aliases (*) are not supported"),
        ("a: .inf", "f:1: .inf: numbers must be finite"),
        ("a: -.INF", "f:1: -.INF: numbers must be finite"),
        ("a: .nan", "f:1: .nan: numbers must be finite"),
        ("a: 1e999", "f:1: 1e999: numbers must be finite"),
        ("a:\n  b: !!python/name:os.system x", "f:2: the tag tag:yaml.org,2002:python/name:os.s"),
        ("a: !!int x", "f:1: x: invalid literal for int()"),
        ("1: a", "f:1: a key must be text, got '1': put it in quotes"),
        ("{a: 1}: b", "f:1: a key must be text, got a collection"),
        ("a: 1\n---\nb: 1", "f:2: YAML syntax: but found another document"),
        ("a: \x00", "f:1: not a text file"),
        ("[" * 3000, "f:1: nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, problem: str) -> None:
    _, _, problems = parse(text, place)
    assert len(problems) == 1
    assert str(problems[0]).startswith(problem)


def test_every_key_and_item_has_its_line() -> None:
    _, places, _ = parse("a:\n  b: 1\n  c:\n  - x\n  - {d: 2}\n", place)
    assert places == {
        (): "f:1",
        ("a",): "f:1",
        ("a", "b"): "f:2",
        ("a", "c"): "f:3",
        ("a", "c", 0): "f:4",
        ("a", "c", 1): "f:5",
        ("a", "c", 1, "d"): "f:5",
    }


def test_several_mistakes_come_at_once() -> None:
    _, _, problems = parse("a: 1\na: 2\nb: .nan\n", place)
    assert [str(p)[:3] for p in problems] == ["f:2", "f:3"]


relaxed = settings(suppress_health_check=[HealthCheck.too_slow])

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(
        st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"], exclude_characters="\ufeff")
    )
    | st.sampled_from(
        ["1e-4", "no", "012", "1:30", "true", "", "~", "2024-01-01", "<<", "=", "0x1"]
    )
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abz-1. "), inner),
    max_leaves=8,
)


@relaxed
@given(st.dictionaries(st.text("abcxyz_.1", min_size=1), trees))
def test_what_is_dumped_is_parsed_back(value: dict[str, Any]) -> None:
    assert value_of(dump(value)) == value


@relaxed
@given(st.dictionaries(st.text("abcxyz", min_size=1), scalars))
def test_a_yaml_1_1_reader_understands_what_is_dumped(value: dict[str, Any]) -> None:
    found = yaml.safe_load(dump(value))
    assert found.keys() == value.keys()
    for key, own in value.items():
        if isinstance(own, float):
            assert math.isclose(float(found[key]), own)
        else:
            assert found[key] == own


@relaxed
@given(st.text(max_size=40))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    parse(text, place)
