"""From the name of a parameter to the option that it sets."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from sweeper.config.messages import dotted, shown
from sweeper.config.sections import SECTIONS, Section
from sweeper.records import ParamValue

__all__ = ["canonical", "get", "option_path", "put_in"]


def canonical(name: str) -> str:
    """The name of a parameter: an option of ``training`` goes without its section."""
    return name.removeprefix("training.")


def option_path(name: str) -> tuple[Section, tuple[str, ...]]:
    """The section that a parameter sets something in, and the path inside of it."""
    first, _, rest = name.partition(".")
    for section in SECTIONS:
        if first == section and rest:
            return section, tuple(rest.split("."))
    return "training", tuple(name.split("."))


def get(value: Any, path: tuple[str, ...]) -> Any:
    """What stands at ``path`` inside of nested mappings, None where nothing does."""
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value


def put_in(section: Section, value: Any, params: Mapping[str, ParamValue]) -> Any:
    """A copy of a section with those of the parameters that belong to it.

    Raises:
        LookupError: a parameter points into something that is no mapping.
    """
    filled = {"name": value} if isinstance(value, str) else copy.deepcopy(value)
    for name, param in params.items():
        own, inner = option_path(name)
        if own == section and isinstance(filled, dict):
            _put(filled, section, inner, param)
    return filled


def _put(holder: dict[str, Any], section: str, inner: tuple[str, ...], param: ParamValue) -> None:
    for depth, key in enumerate(inner[:-1], 1):
        found = holder.setdefault(key, {})
        if not isinstance(found, dict):
            where = dotted((section, *inner[:depth]))
            raise LookupError(f"{where} is {shown(found)} and has no {inner[depth]!r} in it")
        holder = found
    holder[inner[-1]] = param
