"""Translation between a search space and what its Optuna study holds.

Ordered numbers stay numbers for every sampler, so that neighbours are known to be alike:

    lr: {type: float, low: 1e-4, high: 1e-2, log: true}   lr                 FloatDistribution(log)
    model.layers: {type: int, low: 1, high: 4}            model.layers       IntDistribution
    batch_size: {choices: [2, 4, 8, 16]}                  log2(batch_size)   IntDistribution(1, 4)
    model.hop: {choices: [0.1, 0.5, 0.8]}                 index(model.hop)   IntDistribution(0, 2)
    optimizer: {choices: [adam, sgd]}                     optimizer          CategoricalDistribution
    x: {type: fixed, value: 3}                            -                  not in the study
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from optuna import Study
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import Trial

from sweeper.config import (
    CategoricalParam,
    FixedParam,
    FloatParam,
    IntParam,
    ParamSpec,
    SearchSpace,
)
from sweeper.config.search_space import propose
from sweeper.records import ParamValue

__all__ = ["ask", "distributions", "enqueue", "placed", "to_optuna", "to_params"]


@dataclass(frozen=True, slots=True)
class _Axis:
    """A sampled parameter as the study knows it.

    Attributes:
        values: all there are, in order; empty where it has infinitely many or is an int.
    """

    name: str
    distribution: FloatDistribution | IntDistribution | CategoricalDistribution
    values: tuple[ParamValue, ...] = ()

    def encode(self, value: ParamValue) -> ParamValue:
        if isinstance(self.distribution, IntDistribution) and self.values:
            return self.distribution.low + self.values.index(value)
        return value

    def decode(self, value: Any) -> ParamValue:
        kind = self.distribution
        if isinstance(kind, CategoricalDistribution):
            return self.values[int(kind.to_internal_repr(value))]
        if self.values:
            rank: int = round((value - kind.low) / (kind.step or 1))
            return self.values[rank]
        if isinstance(kind, IntDistribution):
            return int(value)
        # a sampler's exp(log(x)) may be off by a rounding
        return float(min(max(value, kind.low), kind.high))


def _axis(name: str, spec: ParamSpec) -> _Axis:
    match spec:
        case FloatParam():
            distribution = FloatDistribution(spec.low, spec.high, spec.log, spec.step)
            return _Axis(name, distribution, spec.values() or ())
        case IntParam():
            return _Axis(name, IntDistribution(spec.low, spec.high, spec.log, spec.step))
        case CategoricalParam(ordered=True, choices=choices):
            return _ordered_axis(name, choices)
        case CategoricalParam(choices=choices):
            return _Axis(name, CategoricalDistribution(choices), choices)
        case FixedParam():
            raise ValueError(f"{name} is fixed: a study does not hold it")
        case _:
            assert_never(spec)


def _ordered_axis(name: str, choices: tuple[ParamValue, ...]) -> _Axis:
    mantissas, exponents = zip(*(math.frexp(float(choice)) for choice in choices), strict=True)
    lowest = exponents[0] - 1  # frexp(8) is (0.5, 4)
    consecutive = exponents == tuple(range(exponents[0], exponents[0] + len(choices)))
    if consecutive and set(mantissas) == {0.5}:
        return _Axis(f"log2({name})", IntDistribution(lowest, lowest + len(choices) - 1), choices)
    return _Axis(f"index({name})", IntDistribution(0, len(choices) - 1), choices)


def distributions(space: SearchSpace) -> dict[str, BaseDistribution]:
    """What every trial samples, by its name in the study: all but the conditional parameters."""
    axes = [_axis(name, spec) for name, spec in space.items() if spec.sampled and not spec.when]
    return {axis.name: axis.distribution for axis in axes}


def ask(
    study: Study, space: SearchSpace, number: int | None = None
) -> tuple[Trial, dict[str, ParamValue]]:
    """Ask ``study`` for the parameters of its next trial; those that do not apply are absent.

    Args:
        number: finish asking for this trial instead. What a killed driver had asked stays.

    Raises:
        IndexError: ``study`` has no trial ``number``.
    """
    trial = study.ask() if number is None else _reopened(study, number)
    return trial, propose(space, lambda name, spec: _suggest(trial, _axis(name, spec)))


def _reopened(study: Study, number: int) -> Trial:
    return Trial(study, study.get_trials(deepcopy=False)[number]._trial_id)


def _suggest(trial: Trial, axis: _Axis) -> ParamValue:
    match axis.distribution:
        case FloatDistribution(low=low, high=high, step=step, log=log):
            return axis.decode(trial.suggest_float(axis.name, low, high, step=step, log=log))
        case IntDistribution(low=low, high=high, step=step, log=log):
            return axis.decode(trial.suggest_int(axis.name, low, high, step=step, log=log))
        case CategoricalDistribution(choices=choices):
            return axis.decode(trial.suggest_categorical(axis.name, choices))


def enqueue(study: Study, space: SearchSpace, point: Mapping[str, ParamValue]) -> None:
    """Have ``point`` tried before what the sampler proposes; the sampler fills in what it lacks.

    Raises:
        ValueError: ``point`` has a parameter or a value that ``space`` has not.
    """
    study.enqueue_trial(to_optuna(space, point))


def to_optuna(space: SearchSpace, params: Mapping[str, ParamValue]) -> dict[str, ParamValue]:
    """``params`` as the study holds them, without the fixed ones; they may be a part of a trial's.

    Raises:
        ValueError: a parameter or a value that ``space`` has not.
    """
    found = {}
    for name, value in params.items():
        if name not in space:
            raise ValueError(f"{name} is not in the search space: {', '.join(space)}")
        if not space[name].accepts(value):
            raise ValueError(f"{name}: {value!r} is not in the search space")
        if space[name].sampled:
            axis = _axis(name, space[name])
            found[axis.name] = axis.encode(value)
    return found


def placed(
    space: SearchSpace, params: Mapping[str, ParamValue]
) -> tuple[dict[str, ParamValue], dict[str, BaseDistribution]]:
    """``params`` as the study holds them, with the distribution of each.

    Raises:
        ValueError: as `to_optuna`.
    """
    values = to_optuna(space, params)
    axes = [_axis(name, space[name]) for name in params if space[name].sampled]
    return values, {axis.name: axis.distribution for axis in axes}


def to_params(space: SearchSpace, optuna_params: Mapping[str, Any]) -> dict[str, ParamValue]:
    """A trial's parameters from what the study holds of it, the fixed ones put in.

    Raises:
        KeyError: ``optuna_params`` lacks an active parameter.
    """

    def decoded(name: str, spec: ParamSpec) -> ParamValue:
        axis = _axis(name, spec)
        return axis.decode(optuna_params[axis.name])

    return propose(space, decoded)
