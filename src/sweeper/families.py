"""Plug-in families: one file per member, its file name is its YAML name.

A family is a package such as ``sweeper.models``. Each module in it (names without a leading
underscore) has exactly one name in ``__all__``: the member, a class or function. The member's
keyword-only parameters (and others that have a default) are its YAML options, with their
annotations as types; what the program itself supplies is positional. A user's own member is
``package.module:Name``.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model

__all__ = ["is_dotted", "load", "member_names", "options"]


def is_dotted(name: str) -> bool:
    """Whether ``name`` points outside the family: ``package.module:Name``."""
    return ":" in name


@cache
def member_names(family: str) -> tuple[str, ...]:
    """The family's members in alphabetical order, found without importing them."""
    package = importlib.import_module(f"sweeper.{family}")
    return tuple(
        sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.name[0] != "_")
    )


def load(family: str, name: str) -> Callable[..., Any]:
    """Import the member ``name`` of ``sweeper.<family>``, or a user's own ``package.module:Name``.

    Raises:
        LookupError: no such member, module or attribute; the message says which.
    """
    if is_dotted(name):
        return _load_dotted(name)
    if name not in member_names(family):
        raise LookupError(f"no {family} member named {name!r}")
    module = importlib.import_module(f"sweeper.{family}.{name}")
    (member,) = module.__all__
    found: Callable[..., Any] = getattr(module, member)
    return found


def _load_dotted(name: str) -> Callable[..., Any]:
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise LookupError(f"cannot import {module_name!r} for {name!r}: {error}") from error
    found = getattr(module, attribute, None)
    if not callable(found):
        raise LookupError(f"module {module_name!r} has no class or function {attribute!r}")
    return typing.cast("Callable[..., Any]", found)


@cache
def options(factory: Callable[..., Any]) -> type[BaseModel]:
    """The YAML options of a member as a pydantic model, from its keyword-only parameters."""
    hints = typing.get_type_hints(
        factory.__init__ if inspect.isclass(factory) else factory,  # type: ignore[misc]
        include_extras=True,
    )
    parameters = inspect.signature(factory).parameters.values()
    fields: dict[str, Any] = {
        p.name: (hints.get(p.name, Any), ... if p.default is p.empty else p.default)
        for p in parameters
        if p.kind is p.KEYWORD_ONLY
        or (p.kind is p.POSITIONAL_OR_KEYWORD and p.default is not p.empty)
    }
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    name = getattr(factory, "__name__", type(factory).__name__)
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
