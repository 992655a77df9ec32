"""Checks of the search space in itself: each parameter's range, and its conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from sweeper.config.messages import Mistake, did_you_mean, dotted, shown, unknown
from sweeper.config.paths import canonical
from sweeper.config.search_space import (
    CategoricalParam,
    FixedParam,
    FloatParam,
    IntParam,
    ParamSpec,
    order,
    witness,
)
from sweeper.config.sections import SECTIONS, check_options
from sweeper.config.yaml_core import KeyPath
from sweeper.records import ParamValue

__all__ = ["Space", "check_space"]

_KINDS: Mapping[str, type[BaseModel]] = {
    "float": FloatParam,
    "int": IntParam,
    "categorical": CategoricalParam,
    "fixed": FixedParam,
}
_EXAMPLE = "for example {type: float, low: 1e-4, high: 1e-2, log: true}"


@dataclass(frozen=True)
class Space:
    """The search space as far as it is right.

    Attributes:
        specs: by name; those that are wrong are missing.
        written: every name, right or wrong, with the way that the user wrote it.
        conditional: the names that are written with a condition.
        sound: whether nothing was wrong, so that conditions can be followed.
    """

    specs: Mapping[str, ParamSpec]
    written: Mapping[str, str]
    conditional: frozenset[str] = frozenset()
    sound: bool = False

    def path(self, name: str, *inner: str | int) -> KeyPath:
        """Where the parameter stands in the file."""
        return ("search_space", self.written[name], *inner)


def check_space(raw: Any) -> tuple[Space, list[Mistake]]:
    """The parameters with their ranges and conditions, apart from what they set."""
    path: KeyPath = ("search_space",)
    if not isinstance(raw, Mapping) or not raw:
        rule = f"search_space must be a mapping of at least one parameter, {_EXAMPLE}"
        return Space({}, {}), [Mistake(path, rule)]
    specs: dict[str, ParamSpec] = {}
    written: dict[str, str] = {}
    mistakes: list[Mistake] = []
    for own_name, value in raw.items():
        name = canonical(own_name)
        if name in written:
            rule = f"{own_name} is {written[name]!r} again: keep one of them"
            mistakes.append(Mistake((*path, own_name), f"search_space.{rule}"))
            continue
        written[name] = own_name
        spec, wrong = _check_spec(value, (*path, own_name))
        mistakes += wrong
        if spec is not None:
            specs[name] = spec
    conditional = frozenset(n for n in written if _has_condition(raw[written[n]]))
    space = Space(specs, written, conditional, sound=not mistakes)
    mistakes += _check_conditions(space)
    return replace(space, sound=not mistakes), mistakes


def _has_condition(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value.get("when"))


def _check_spec(value: Any, path: KeyPath) -> tuple[ParamSpec | None, list[Mistake]]:
    where = dotted(path)
    if not isinstance(value, Mapping):
        rule = f"{where} must be a mapping, {_EXAMPLE}, got {shown(value)}"
        return None, [Mistake(path, rule)]
    kind = value.get("type")
    if path[-1] in SECTIONS and kind is None:
        inner = next(iter(value), "option")
        rule = f"{where} is a section, no parameter: write {path[-1]}.{inner}: ..."
        return None, [Mistake(path, rule)]
    if not isinstance(kind, str) or kind not in _KINDS:
        got = "needs a type" if kind is None else f"cannot have type: {kind}"
        at = path if kind is None else (*path, "type")
        return None, [Mistake(at, unknown(f"{where} {got}", kind, list(_KINDS), "types"))]
    found, mistakes = check_options(_KINDS[kind], _canonical_when(value), path)
    spec: Any = None if found is None else _KINDS[kind].model_validate(found)
    return spec, [_as_written(mistake, value) for mistake in mistakes]


def _canonical_when(value: Mapping[str, Any]) -> dict[str, Any]:
    when = value.get("when")
    if not isinstance(when, Mapping):
        return dict(value)
    return {**value, "when": {canonical(name): values for name, values in when.items()}}


def _as_written(mistake: Mistake, value: Mapping[str, Any]) -> Mistake:
    """Name a condition's parameter as the user did, so that its line is found."""
    if mistake.path[2:3] != ("when",) or len(mistake.path) < 4:
        return mistake
    own = next((n for n in value["when"] if canonical(n) == mistake.path[3]), mistake.path[3])
    return Mistake((*mistake.path[:3], own, *mistake.path[4:]), mistake.message)


def _check_conditions(space: Space) -> list[Mistake]:
    mistakes = [
        Mistake(space.path(name, "when", parent), f"search_space.{name}.when: {message}")
        for name, spec in space.specs.items()
        for parent, values in spec.when.items()
        for message in _broken_conditions(space, name, parent, values)
    ]
    if mistakes or not space.sound:
        return mistakes
    try:
        order(space.specs)
    except ValueError as error:
        first = str(error).partition(": ")[2].partition(" -> ")[0]
        return [Mistake(space.path(first, "when"), f"search_space.{first}.when: {error}")]
    never = "can never hold: the conditions of the parameters it waits for exclude it"
    return [
        Mistake(space.path(name, "when"), f"search_space.{name}.when {never}")
        for name in space.specs
        if witness(space.specs, name) is None
    ]


def _broken_conditions(
    space: Space, name: str, parent: str, values: tuple[ParamValue, ...]
) -> Iterator[str]:
    if parent == name:
        yield f"{name} cannot wait for itself"
    elif parent not in space.written:
        others = [other for other in space.written if other != name]
        yield unknown(f"{parent!r} is not in the search space", parent, others, "parameters")
    elif parent in space.specs:
        yield from _impossible_values(space.specs[parent], parent, values)


def _impossible_values(
    parent: ParamSpec, name: str, values: tuple[ParamValue, ...]
) -> Iterator[str]:
    if parent.size is None:
        yield f"{name} has infinitely many values: a condition needs choices, int or step"
        return
    for value in values:
        if not parent.accepts(value):
            texts = [v for v in parent.values() or () if isinstance(v, str)]
            hint = did_you_mean(value, texts) if isinstance(value, str) else ""
            yield f"{name} is never {shown(value)}{hint or ';'} it is {parent.domain}"
