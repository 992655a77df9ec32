"""Whether what a trial was trained with belongs to a search space, other than its own maybe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweeper.config.applying import sections
from sweeper.config.model import SweepConfig
from sweeper.config.paths import get, option_path
from sweeper.config.search_space import active, same_value
from sweeper.records import ParamValue

__all__ = ["fitted", "is_inside", "option"]

Params = Mapping[str, ParamValue]


def fitted(config: SweepConfig, params: Params) -> dict[str, ParamValue]:
    """``params`` as those of a trial of ``config``: without what is no longer searched.

    Raises:
        ValueError: they do not fit; the message says which parameter, and why.
    """
    space = config.search_space
    names = active(space, params)
    for name, value in params.items():
        if name not in space:
            _check_option(config, name, value)
        elif not space[name].accepts(value):
            raise ValueError(f"{name} {value} is not in the search space: {space[name].domain}")
        elif name not in names:
            raise ValueError(f"{name} does not apply under its condition")
    if missing := [name for name in names if name not in params]:
        raise ValueError(f"its {missing[0]} is not known")
    return {name: params[name] for name in names}


def is_inside(config: SweepConfig, params: Params) -> bool:
    """Whether every value is one that ``config`` allows; quick, for many trials at once."""
    space = config.search_space
    return all(
        space[name].accepts(value) if name in space else _is_option(config, name, value)
        for name, value in params.items()
    )


def option(config: SweepConfig, name: str) -> Any:
    """The value of an option that is not searched, None where it has none."""
    section, path = option_path(name)
    return get(sections(config)[section], path)


def _is_option(config: SweepConfig, name: str, value: ParamValue) -> bool:
    """Whether every trial of ``config`` has ``value`` for what is not searched."""
    here = option(config, name)
    return isinstance(here, (str, int, float, bool)) and same_value(here, value)


def _check_option(config: SweepConfig, name: str, value: ParamValue) -> None:
    if not _is_option(config, name, value):
        raise ValueError(f"{name} {value} is {option(config, name)} here")
