"""Which configurations are tried: every batch size with every segment, and the model's extremes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.config import CategoricalParam, FloatParam, IntParam, apply
from sweeper.config.search_space import propose, witness

if TYPE_CHECKING:
    from sweeper.config import ParamSpec, SweepConfig
    from sweeper.records import ParamValue

__all__ = ["Cell", "cells"]

_GRID = ("batch_size", "segment")
_MOST_VALUES = 8
_MOST_EXTREMES = 12


@dataclass(frozen=True, slots=True)
class Cell:
    """A configuration that is tried.

    Attributes:
        params: of a possible trial.
        varied: the parameter of the model that sets it apart; empty in the grid.
    """

    batch_size: int
    segment: float
    params: Mapping[str, ParamValue]
    varied: str = ""

    def __str__(self) -> str:
        varied = f", {self.varied} {self.params[self.varied]}" if self.varied else ""
        return f"batch_size {self.batch_size}, segment {self.segment:g} s{varied}"


def cells(config: SweepConfig) -> list[Cell]:
    """The grid with the largest batch first, then the model's parameters one by one.

    In the grid other parameters have the first, or lowest, of their values. Each other value of a
    model's parameter that is a choice or an integer is tried once, at the largest batch.
    """
    space = config.search_space
    values = [_some(space[name]) if name in space else [None] for name in _GRID]
    points = [
        {name: value for name, value in zip(_GRID, point, strict=True) if value is not None}
        for point in itertools.product(*values)
    ]
    grid = [_cell(config, point) for point in points]
    grid.sort(key=lambda cell: -cell.batch_size * cell.segment)
    largest = {name: grid[0].params[name] for name in _GRID if name in space}
    return [*grid, *itertools.islice(_extremes(config, grid[0], largest), _MOST_EXTREMES)]


def _extremes(config: SweepConfig, base: Cell, given: Mapping[str, ParamValue]) -> Iterator[Cell]:
    space = config.search_space
    for name, spec in space.items():
        if name.startswith("model.") and not isinstance(spec, FloatParam):
            for value in _some(spec):
                if base.params.get(name) != value:
                    under = witness(space, name) or {}
                    yield _cell(config, {**under, **given, name: value}, name)


def _cell(config: SweepConfig, given: Mapping[str, ParamValue], varied: str = "") -> Cell:
    params = propose(
        config.search_space, lambda n, spec: given[n] if n in given else _some(spec)[0]
    )
    training = apply(config, params)["training"]
    return Cell(int(training["batch_size"]), float(training["segment"]), params, varied)


def _some(spec: ParamSpec) -> list[ParamValue]:
    """Values that stand for a parameter's: choices, or a range's ends and its middle."""
    if isinstance(spec, IntParam):
        middle = round(math.sqrt(max(spec.low, 1) * max(spec.high, 1)))
        return sorted({spec.low, min(max(middle, spec.low), spec.high), spec.high})
    if isinstance(spec, FloatParam):
        return [spec.low, spec.high]
    choices = list(spec.choices) if isinstance(spec, CategoricalParam) else [spec.value]
    if len(choices) <= _MOST_VALUES:
        return choices
    last = len(choices) - 1
    return [choices[round(i * last / (_MOST_VALUES - 1))] for i in range(_MOST_VALUES)]
