"""The search space: which parameters apply when, in what order, and how many trials differ.

A space maps names to `ParamSpec`s. A name is an option of ``training`` (``lr``), or has its section
in front (``model.n_fft``). A parameter with ``when`` is active only while each parameter named
there is active itself and has one of the values given.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from sweeper.config.params import (
    CategoricalParam,
    FixedParam,
    FloatParam,
    IntParam,
    ParamSpec,
    SearchSpace,
    same_value,
)
from sweeper.records import ParamValue

__all__ = [
    "CategoricalParam",
    "FixedParam",
    "FloatParam",
    "IntParam",
    "ParamSpec",
    "SearchSpace",
    "active",
    "condition_holds",
    "configurations",
    "order",
    "propose",
    "same_value",
    "size",
    "witness",
]


def order(space: SearchSpace) -> tuple[str, ...]:
    """The names so that each comes after those in its ``when``; else as written.

    Raises:
        ValueError: the conditions form a circle; the message shows it.
    """
    done: dict[str, None] = {}
    for name in space:
        _visit(space, name, (), done)
    return tuple(done)


def _visit(space: SearchSpace, name: str, above: tuple[str, ...], done: dict[str, None]) -> None:
    if name in done:
        return
    if name in above:
        circle = (*above[above.index(name) :], name)
        raise ValueError(f"conditions form a circle: {' -> '.join(circle)}")
    for parent in space[name].when:
        if parent in space:
            _visit(space, parent, (*above, name), done)
    done[name] = None


def condition_holds(spec: ParamSpec, params: Mapping[str, ParamValue]) -> bool:
    """Whether every parameter in ``spec.when`` is in ``params`` with one of the values there."""
    return all(
        name in params and any(same_value(params[name], value) for value in values)
        for name, values in spec.when.items()
    )


def active(space: SearchSpace, params: Mapping[str, ParamValue]) -> tuple[str, ...]:
    """The names, in `order`, that apply for ``params``.

    A fixed parameter counts with its value, in ``params`` or not. A value in ``params`` of a
    parameter that is not active counts for nothing.
    """
    known: dict[str, ParamValue] = {}
    names = []
    for name in order(space):
        spec = space[name]
        if not condition_holds(spec, known):
            continue
        names.append(name)
        if isinstance(spec, FixedParam):
            known[name] = spec.value
        elif name in params:
            known[name] = params[name]
    return tuple(names)


def propose(
    space: SearchSpace, suggest: Callable[[str, ParamSpec], ParamValue]
) -> dict[str, ParamValue]:
    """The parameters of one trial: asks ``suggest`` for each active one in `order`.

    Fixed parameters are put in with their value, and ``suggest`` is not asked.
    """
    params: dict[str, ParamValue] = {}
    for name in order(space):
        spec = space[name]
        if condition_holds(spec, params):
            params[name] = spec.value if isinstance(spec, FixedParam) else suggest(name, spec)
    return params


def configurations(space: SearchSpace) -> Iterator[dict[str, ParamValue]]:
    """Every configuration of a finite space once; the parameter named last varies fastest.

    Raises:
        ValueError: a parameter has infinitely many values.
    """
    return _extend(space, order(space), {})


def _extend(
    space: SearchSpace, names: Sequence[str], params: dict[str, ParamValue]
) -> Iterator[dict[str, ParamValue]]:
    if not names:
        yield dict(params)
        return
    name, rest = names[0], names[1:]
    if not condition_holds(space[name], params):
        yield from _extend(space, rest, params)
        return
    values = space[name].values()
    if values is None:
        raise ValueError(f"{name} has infinitely many values: give it a step, or choices")
    for value in values:
        yield from _extend(space, rest, {**params, name: value})


def size(space: SearchSpace) -> int | None:
    """How many different configurations there are, None for infinitely many."""
    if any(spec.size is None for spec in space.values()):
        return None
    parents = {parent for spec in space.values() for parent in spec.when}
    above = {name: space[name] for name in order(space) if name in _with_ancestors(space, parents)}
    below = [spec for name, spec in space.items() if name not in above]
    return sum(
        math.prod(spec.size or 1 for spec in below if condition_holds(spec, params))
        for params in configurations(above)
    )


def _with_ancestors(space: SearchSpace, names: set[str]) -> set[str]:
    """``names`` and all that their conditions depend on."""
    found: set[str] = set()
    waiting = [name for name in names if name in space]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [parent for parent in space[name].when if parent in space]
    return found


def witness(space: SearchSpace, name: str) -> dict[str, ParamValue] | None:
    """Values of the other parameters under which ``name`` is active, None where it never is."""
    ancestors = [n for n in order(space) if n in _with_ancestors(space, {name}) - {name}]
    values: list[list[ParamValue | None]] = [
        [v for v in _values_in_conditions(space, n) if space[n].accepts(v)] or [None]
        for n in ancestors
    ]
    for combination in itertools.product(*values):
        params = {n: v for n, v in zip(ancestors, combination, strict=True) if v is not None}
        if name in (names := active(space, params)):
            return {n: v for n, v in params.items() if n in names}
    return None


def _values_in_conditions(space: SearchSpace, name: str) -> list[ParamValue]:
    """Every value of ``name`` that some condition asks for."""
    values = (v for spec in space.values() for v in spec.when.get(name, ()))
    return list({(isinstance(v, bool), v): v for v in values}.values())
