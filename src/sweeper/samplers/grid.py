"""Every point of a grid, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState
from pydantic import Field

from sweeper.config import CategoricalParam, FloatParam, ParamSpec, SearchSpace
from sweeper.config.search_space import configurations
from sweeper.config.search_space import size as size_of
from sweeper.distributions import to_optuna

__all__ = ["grid"]

_LARGEST = 10_000  # more trials than any sweep trains


def grid(
    space: SearchSpace,
    seed: int,
    _number: int,
    /,
    *,
    n_points: Annotated[
        int, Field(ge=2, description="points of a float parameter that has no step")
    ] = 5,
    order: Annotated[
        Literal["random", "listed"],
        Field(description="listed: as in the file, the last parameter fastest"),
    ] = "random",
) -> optuna.samplers.BaseSampler:
    """All configurations of the space; parameters that do not apply make no duplicates.

    A point counts as done from when it is proposed, or enqueued by hand, and again as open when
    its trial failed. ``is_exhausted`` tells when none is open.

    Raises:
        ValueError: more than 10000 configurations.
    """
    finite = {name: _finite(spec, n_points) for name, spec in space.items()}
    size = size_of(finite) or 0
    if size > _LARGEST:
        raise ValueError(
            f"the grid has {size} configurations, more than {_LARGEST}: "
            "widen steps, lower n_points, or take another sampler"
        )
    points = [to_optuna(space, params) for params in configurations(finite)]
    if order == "random":
        points = [points[i] for i in np.random.default_rng(seed).permutation(len(points))]
    return _Grid(points)


def _finite(spec: ParamSpec, n_points: int) -> ParamSpec:
    if not isinstance(spec, FloatParam) or spec.step is not None:
        return spec
    between = np.geomspace if spec.log else np.linspace
    # the ends are put in as they are: rounding may take them out of the range
    inner = between(spec.low, spec.high, n_points).tolist()[1:-1]
    return CategoricalParam(
        type="categorical", choices=(spec.low, *inner, spec.high), when=spec.when
    )


class _Grid(optuna.samplers.BaseSampler):
    """Proposes the first open point that agrees with what the trial has already."""

    serves_every_trial = True

    def __init__(self, points: Sequence[Mapping[str, Any]]) -> None:
        self._points = {frozenset(point.items()): point for point in points}

    def is_exhausted(self, study: optuna.Study) -> bool:
        """Whether every point has been proposed."""
        return self._taken(study, but=None) >= self._points.keys()

    def infer_relative_search_space(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
    ) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        known = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
        taken = self._taken(study, but=trial.number)
        having = {key: point for key, point in self._points.items() if param_name in point}
        fitting = [key for key, point in having.items() if _agree(point, known)] or list(having)
        chosen = next((key for key in fitting if key not in taken), fitting[0])
        return having[chosen][param_name]

    def _taken(self, study: optuna.Study, *, but: int | None) -> set[frozenset[tuple[str, Any]]]:
        return {
            frozenset(trial.params.items())
            for trial in study.get_trials(deepcopy=False)
            if trial.state not in (TrialState.FAIL, TrialState.WAITING) and trial.number != but
        }


def _agree(point: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    return all(point[name] == known[name] for name in point.keys() & known.keys())
