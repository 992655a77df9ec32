"""The recommended centre as a configuration that can be trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.config import FixedParam, FloatParam, ParamSpec, fitted

if TYPE_CHECKING:
    from sweeper.config import SweepConfig
    from sweeper.records import ParamValue
    from sweeper.region.answer import Region

__all__ = ["settled"]

_DIGITS = 3


def settled(config: SweepConfig, region: Region) -> dict[str, ParamValue]:
    """The centre with few digits, as the summary shows it, and with the fixed parameters.

    Raises:
        ValueError: none is recommended, or it is not in the search space; says why.
    """
    if region.centre is None or not region.evidence.enough:
        raise ValueError(region.evidence.reason or "no centre is recommended")
    space = config.search_space
    fixed = {name: spec.value for name, spec in space.items() if isinstance(spec, FixedParam)}
    found = {n: _rounded(space[n], v) for n, v in region.centre.params.items() if n in space}
    return fitted(config, {**found, **fixed})


def _rounded(spec: ParamSpec, value: ParamValue) -> ParamValue:
    """A number in the range: with few digits, or on its step where it has one."""
    if not isinstance(spec, FloatParam) or isinstance(value, (bool, str)):
        return value
    if (steps := spec.values()) is not None:
        return min(steps, key=lambda step: abs(step - value))
    return min(max(float(f"{value:.{_DIGITS}g}"), spec.low), spec.high)
