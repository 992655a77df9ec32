"""Checks of the points that are tried first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sweeper.config.check_space import Space
from sweeper.config.messages import Mistake, shown, unknown
from sweeper.config.paths import canonical
from sweeper.config.search_space import FixedParam, FloatParam, same_value
from sweeper.config.yaml_core import KeyPath
from sweeper.records import ParamValue

__all__ = ["check_enqueue"]

Point = dict[str, ParamValue]


def check_enqueue(value: Any, space: Space) -> tuple[list[Point], list[Mistake]]:
    """Points of the space; what a point leaves out is sampled."""
    if value is None:
        return [], []
    if not isinstance(value, list):
        rule = "enqueue must be a list of points, for example [{lr: 1e-3, batch_size: 8}]"
        return [], [Mistake(("enqueue",), f"{rule}, got {shown(value)}")]
    points: list[Point] = []
    mistakes: list[Mistake] = []
    for index, raw in enumerate(value):
        path: KeyPath = ("enqueue", index)
        if not isinstance(raw, Mapping) or not raw:
            rule = f"enqueue[{index}] must be a mapping of parameters to values, got {shown(raw)}"
            mistakes.append(Mistake(path, rule))
            continue
        point = {canonical(name): param for name, param in raw.items()}
        for name, param in raw.items():
            mistakes += [
                Mistake((*path, name), f"enqueue[{index}].{name}{message}")
                for message in _wrong(canonical(name), param, point, space)
            ]
        points.append({name: _as_param(name, param, space) for name, param in point.items()})
    return points, mistakes


def _as_param(name: str, value: Any, space: Space) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if whole and isinstance(space.specs.get(name), FloatParam) else value


def _wrong(name: str, value: Any, point: Mapping[str, Any], space: Space) -> Iterator[str]:
    if name not in space.written:
        message = unknown(" is not in the search space", name, list(space.written), "parameters")
        yield message
    elif name in space.specs:
        spec = space.specs[name]
        if value is None or isinstance(value, (Mapping, list)) or not spec.accepts(value):
            yield f": {shown(value)} is not in the search space: {spec.domain}"
        yield from _inert(point, space, name)


def _inert(point: Mapping[str, Any], space: Space, name: str) -> Iterator[str]:
    """A parameter whose condition does not hold in the point would count for nothing."""
    for parent, allowed in space.specs[name].when.items():
        above = space.specs.get(parent)
        value = above.value if isinstance(above, FixedParam) else point.get(parent)
        if value is None:
            yield f" applies only for some {parent}: give {parent}: {shown(allowed[0])} too"
        elif not any(same_value(value, one) for one in allowed):
            wanted = " or ".join(map(shown, allowed))
            yield f" does not apply with {parent}: {shown(value)} (only with {wanted}): remove it"
