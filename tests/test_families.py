"""The contract that every family's members keep, and a user's own members too."""

from __future__ import annotations

import importlib
import inspect
import sys
import textwrap
import typing
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError, create_model

from sweeper import families

FAMILIES = ("models", "losses", "datasets", "schedules", "samplers", "pruners", "tasks")
MEMBERS = [(family, name) for family in FAMILIES for name in families.member_names(family)]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_has_members(family: str) -> None:
    assert families.member_names(family)


@pytest.mark.parametrize(("family", "name"), MEMBERS)
def test_a_module_has_one_public_name_and_that_is_documented(family: str, name: str) -> None:
    module = importlib.import_module(f"sweeper.{family}.{name}")
    assert len(module.__all__) == 1
    assert inspect.getdoc(families.load(family, name))


@pytest.mark.parametrize(("family", "name"), MEMBERS)
def test_options_have_a_type_a_description_and_no_reserved_name(family: str, name: str) -> None:
    for option, field in families.options(families.load(family, name)).model_fields.items():
        assert field.annotation is not Any, option
        assert option not in ("name", "weight", "seed"), option
        assert field.description, option


@pytest.mark.parametrize(("family", "name"), MEMBERS)
def test_defaults_are_right_by_the_options_own_rules(family: str, name: str) -> None:
    model = families.options(families.load(family, name))
    given = {k: f.default for k, f in model.model_fields.items() if not f.is_required()}
    known = create_model(
        "Known",
        __base__=model,
        **{k: (Any, None) for k, f in model.model_fields.items() if f.is_required()},
    )
    known.model_validate(given)


def test_an_unknown_member_is_a_lookup_error() -> None:
    with pytest.raises(LookupError, match="no models member named 'dprn'"):
        families.load("models", "dprn")


def test_private_files_are_no_members() -> None:
    assert not [name for _, name in MEMBERS if name.startswith("_")]


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the working directory; ``own.py`` in it is the user's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p not in ("", str(Path.cwd()))])
    monkeypatch.delitem(sys.modules, "own", raising=False)
    families.options.cache_clear()
    return tmp_path / "own.py"


def test_a_users_member_is_found_in_the_working_directory(own_module: Path) -> None:
    own_module.write_text("class Mine:\n    def __init__(self, *, size: int = 3): ...\n")
    member = families.load("models", "own:Mine")
    assert families.options(member)().model_dump() == {"size": 3}


@pytest.mark.parametrize(
    ("source", "name", "message"),
    [
        ("", "nowhere_at_all:Mine", "cannot import 'nowhere_at_all'"),
        ("x = 1", "own:Mine", "has no class or function 'Mine'"),
        ("x = 1", "own:x", "has no class or function 'x'"),
        ("1 / 0", "own:Mine", "ZeroDivisionError"),
        ("def", "own:Mine", "SyntaxError"),
    ],
)
def test_what_is_wrong_with_a_users_member_is_said(
    own_module: Path, source: str, name: str, message: str
) -> None:
    own_module.write_text(source)
    with pytest.raises(LookupError, match=message):
        families.load("models", name)


def test_a_plain_parameter_of_a_users_class_is_an_option_too(own_module: Path) -> None:
    own_module.write_text("class Mine:\n    def __init__(self, size: int, depth=2): ...\n")
    fields = families.options(families.load("models", "own:Mine")).model_fields
    assert fields["size"].is_required()
    assert fields["depth"].default == 2


def test_a_module_without_options_of_its_own_takes_none() -> None:
    options = families.options(families.load("losses", "l1"))
    with pytest.raises(ValidationError, match="Extra inputs"):
        options.model_validate({"factor": 2})


def test_types_that_only_a_checker_imports_do_not_hide_the_others(own_module: Path) -> None:
    own_module.write_text(
        textwrap.dedent(
            """
            from __future__ import annotations
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                from elsewhere import Optimizer, Shape
            def mine(optimizer: Optimizer, epochs: int, /, *, size: int = 1, shape: Shape = None):
                ...
            """
        )
    )
    model = families.options(families.load("schedules", "own:mine"))
    assert list(model.model_fields) == ["size", "shape"]
    assert model.model_fields["size"].annotation is int
    with pytest.raises(ValidationError, match="size"):
        model.model_validate({"size": "large"})


def documented(
    supplied: int,
    /,
    *,
    first: Annotated[int, Field(gt=0)] = 1,
    second: Literal["a"] | None = None,
    third: Annotated[float, Field(description="its own text")] = 1.0,
    fourth: Annotated[str, Field(description="inside of a union")] | None = None,
) -> None:
    """A member.

    Args:
        first, second: shared between the two, and
            told on two lines.
        third: not this.

    Raises:
        ValueError: never.
    """
    raise ValueError(supplied, first, second, third, fourth)


def test_descriptions_come_from_the_docstring_unless_an_option_has_its_own() -> None:
    fields = families.options(documented).model_fields
    assert {name: field.description for name, field in fields.items()} == {
        "first": "shared between the two, and told on two lines",
        "second": "shared between the two, and told on two lines",
        "third": "its own text",
        "fourth": "inside of a union",
    }


def test_rules_of_a_described_option_still_hold() -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        families.options(documented).model_validate({"first": 0})


def test_unknown_options_are_refused_unless_a_member_takes_any() -> None:
    def strict(*, size: int = 1) -> None: ...

    def lenient(*, size: int = 1, **others: object) -> None: ...

    with pytest.raises(ValidationError, match="Extra inputs"):
        families.options(strict).model_validate({"sise": 2})
    assert families.options(lenient).model_validate({"sise": 2}).model_dump() == {
        "size": 1,
        "sise": 2,
    }


def test_an_option_may_be_called_like_a_method_of_pydantics() -> None:
    def member(*, copy: bool = True, schema: str = "x") -> None: ...

    assert families.options(member)(copy=False).model_dump() == {"copy": False, "schema": "x"}


def test_what_the_program_supplies_is_no_option() -> None:
    assert "supplied" not in families.options(documented).model_fields
    assert typing.get_type_hints(documented)["supplied"] is int
