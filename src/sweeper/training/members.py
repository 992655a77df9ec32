"""From a section of the configuration to the family member it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweeper import families

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["build", "resolve"]


def resolve(family: str, section: Mapping[str, Any]) -> tuple[Callable[..., Any], dict[str, Any]]:
    """The member that ``section["name"]`` names, and its other entries as checked options.

    Raises:
        LookupError: no such member.
        pydantic.ValidationError: an unknown option, or a value of the wrong kind.
    """
    factory = families.load(family, section["name"])
    options = {key: value for key, value in section.items() if key != "name"}
    return factory, dict(families.options(factory).model_validate(options))


def build(family: str, section: Mapping[str, Any], /, *supplied: Any) -> Any:
    """The member of ``section``, made with what the program supplies and with its options.

    Raises:
        LookupError, pydantic.ValidationError: as for `resolve`.
        ValueError: options that do not fit together.
    """
    factory, options = resolve(family, section)
    return factory(*supplied, **options)
