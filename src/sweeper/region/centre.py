"""The configuration to recommend."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sweeper.config import FloatParam, IntParam, ParamSpec, SearchSpace
from sweeper.config.search_space import active
from sweeper.records import ParamValue
from sweeper.region.analysis import Analysis
from sweeper.region.answer import Centre
from sweeper.region.scale import Scale

__all__ = ["centre_cell", "centre_of", "params_of"]

Array = np.ndarray[Any, Any]


def centre_cell(analysis: Analysis) -> int:
    """The cell with the best mean on the warped scale, on which bad values weigh less."""
    found = analysis.inclusion
    mean = analysis.model.warp.forward(found.samples).mean(axis=0)
    return int(np.where(found.possible, mean, np.inf).argmin())


def centre_of(analysis: Analysis, space: SearchSpace) -> Centre:
    """The centre with its parameters; those whose condition does not hold are left out."""
    cell = centre_cell(analysis)
    found, sign = analysis.inclusion, analysis.observations.sign
    low, middle, high = np.sort(sign * np.quantile(found.samples[:, cell], [0.05, 0.5, 0.95]))
    return Centre(
        params=params_of(analysis, space, cell),
        expected=float(middle),
        low=float(low),
        high=float(high),
        inside=float(found.inside[cell]),
    )


def params_of(analysis: Analysis, space: SearchSpace, cell: int) -> dict[str, ParamValue]:
    """A cell's parameters, the others at their best setting; those that do not apply are absent."""
    axes, grid = analysis.axes, analysis.grid
    row, column = divmod(cell, grid.shape[1])
    chosen: dict[str, ParamValue] = {
        name: _value(axes.scales[name], coordinate)
        for name, coordinate in zip(axes.others, analysis.others, strict=True)
        if not math.isnan(coordinate)
    }
    if axes.lr:
        chosen[axes.lr] = grid.lr[column]
    if axes.batch_size:
        chosen[axes.batch_size] = grid.batch_size[row]
    names = active(space, chosen)
    return {name: _allowed(space[name], chosen[name]) for name in names if name in chosen}


def _allowed(spec: ParamSpec, value: ParamValue) -> ParamValue:
    """The nearest value that the search space has: on its steps, and not beyond by a rounding."""
    if not isinstance(spec, (FloatParam, IntParam)) or isinstance(value, str):
        return value
    within = min(max(value, spec.low), spec.high)
    values = spec.values()
    return within if values is None else values[round((within - spec.low) / (spec.step or 1))]


def _value(scale: Scale, coordinate: float) -> ParamValue:
    """The parameter's value at a coordinate."""
    if scale.nominal:
        return scale.choices[round(coordinate)]
    at = scale.value((coordinate + 1) / 2)
    if scale.choices:
        return min(
            scale.choices, key=lambda choice: abs(scale.position(choice) - (coordinate + 1) / 2)
        )
    return round(at) if scale.whole else at
