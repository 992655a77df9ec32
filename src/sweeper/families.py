"""Plug-in families: one file per member, its file name is its YAML name.

A family is a package such as ``sweeper.models``. Each module in it (names without a leading
underscore) has exactly one name in ``__all__``: the member, a class or function. The parameters
that it takes by keyword are its YAML options, with their annotations as types; what the program
itself supplies is positional only (``optimizer, epochs, /, *, factor: float = 0.5``). A user's own
member is ``package.module:Name``.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
import typing
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

__all__ = ["is_dotted", "load", "member_names", "options"]


def is_dotted(name: str) -> bool:
    """Whether ``name`` points outside the family: ``package.module:Name``."""
    return ":" in name


@cache
def member_names(family: str) -> tuple[str, ...]:
    """The family's members in alphabetical order, found without importing them."""
    package = importlib.import_module(f"sweeper.{family}")
    return tuple(sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.name[0] != "_"))


def load(family: str, name: str) -> Callable[..., Any]:
    """Import the member ``name`` of ``sweeper.<family>``, or a user's own ``package.module:Name``.

    Raises:
        LookupError: no such member, module or attribute; the message says which.
    """
    if is_dotted(name):
        return _load_dotted(name)
    if name not in member_names(family):
        known = ", ".join(member_names(family))
        raise LookupError(f"no {family} member named {name!r}; there are {known}")
    module = importlib.import_module(f"sweeper.{family}.{name}")
    (member,) = module.__all__
    found: Callable[..., Any] = getattr(module, member)
    return found


def _load_dotted(name: str) -> Callable[..., Any]:
    module_name, _, attribute = name.partition(":")
    module = _import_from_here(module_name, name)
    found = getattr(module, attribute, None)
    if not callable(found):
        raise LookupError(f"module {module_name!r} has no class or function {attribute!r}")
    return typing.cast("Callable[..., Any]", found)


def _import_from_here(module_name: str, name: str) -> ModuleType:
    """Import a user's module; the working directory counts, as it does for ``python -m``."""
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.append(here)
    try:
        return importlib.import_module(module_name)
    except Exception as error:  # a user's module may fail in any way while it is imported
        why = f"{type(error).__name__}: {error}"
        raise LookupError(f"cannot import {module_name!r} for {name!r}: {why}") from error


@cache
def options(factory: Callable[..., Any]) -> type[BaseModel]:
    """The YAML options of a member as a pydantic model, from its parameters.

    An option without a description of its own takes it from the docstring's ``Args:``.
    """
    parameters = _parameters(factory)
    chosen = [p for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    types = _types(factory, chosen)
    texts = _described_args(inspect.getdoc(factory) or "")
    fields: dict[str, Any] = {
        p.name: (
            _described(types[p.name], texts.get(p.name)),
            ... if p.default is p.empty else p.default,
        )
        for p in chosen
    }
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    name = getattr(factory, "__name__", type(factory).__name__)
    with warnings.catch_warnings():
        # an option may be called like a method of pydantic's ("copy"); nobody calls those here
        warnings.filterwarnings("ignore", message="Field name .* shadows an attribute")
        return create_model(
            f"{name}Options",
            __config__=ConfigDict(
                extra="allow" if takes_any else "forbid",
                frozen=True,
                arbitrary_types_allowed=True,
                protected_namespaces=(),
            ),
            **fields,
        )


def _parameters(factory: Callable[..., Any]) -> list[inspect.Parameter]:
    parameters = list(inspect.signature(factory).parameters.values())
    # `*args, **kwargs` alone is how torch's Module begins: it passes on what nobody takes
    says_nothing = [p.kind for p in parameters] == [
        inspect.Parameter.VAR_POSITIONAL,
        inspect.Parameter.VAR_KEYWORD,
    ]
    return [] if says_nothing else parameters


def _types(factory: Callable[..., Any], parameters: Iterable[inspect.Parameter]) -> dict[str, Any]:
    """The annotation of each parameter; ``Any`` where there is none, or none that can be found.

    Each is looked up alone: what the program supplies may have types that only a checker imports.
    """
    function = factory.__init__ if inspect.isclass(factory) else factory
    names = getattr(inspect.unwrap(function), "__globals__", {})
    return {p.name: _type(p.annotation, names) for p in parameters}


def _type(annotation: Any, names: dict[str, Any]) -> Any:
    if annotation is inspect.Parameter.empty:
        return Any
    holder = SimpleNamespace(__annotations__={"it": annotation})
    try:
        return typing.get_type_hints(holder, names, include_extras=True)["it"]
    except (NameError, TypeError):
        return Any


def _described(annotation: Any, from_docstring: str | None) -> Any:
    text = _description(annotation) or from_docstring
    return Annotated[annotation, Field(description=text)] if text else annotation


def _description(annotation: Any) -> str | None:
    """What an annotation says about itself, also from inside of ``... | None``."""
    own = (getattr(part, "description", None) for part in getattr(annotation, "__metadata__", ()))
    inner = (_description(part) for part in typing.get_args(annotation))
    return next((text for text in (*own, *inner) if text), None)


def _described_args(docstring: str) -> dict[str, str]:
    """What a docstring says of each parameter, as one line.

    Read are the entries of ``Args:``, and points of a list that begin with an option's name.
    """
    _, _, after = docstring.partition("\nArgs:\n")
    block = re.split(r"\n(?=\S)", after, maxsplit=1)[0]
    points = re.findall(r"^- ``(\w+)``: (.*(?:\n {2,}.*)*)", docstring, re.MULTILINE)
    entries = re.findall(r"^ {4}(\w+(?:, \w+)*): (.*(?:\n {5,}.*)*)", block, re.MULTILINE)
    return {
        name: " ".join(text.split()).rstrip(".").replace("``", "")
        for names, text in (*points, *entries)
        for name in names.split(", ")
    }
