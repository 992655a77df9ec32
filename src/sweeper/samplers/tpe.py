"""Tree-structured Parzen estimator that stays clear of what has diverged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState
from pydantic import Field

from sweeper.config import SearchSpace
from sweeper.distributions import distributions
from sweeper.samplers._seeds import proposal_seed
from sweeper.samplers._told import Informed, broken

__all__ = ["tpe"]

_MOST = 300
"""Trials that a proposal is made from: its cost does not grow with the sweep from then on."""


def tpe(
    space: SearchSpace,
    seed: int,
    number: int,
    /,
    *,
    n_startup_trials: Annotated[
        int, Field(ge=1, description="random trials before the first proposal from the model")
    ] = 10,
    n_ei_candidates: Annotated[
        int, Field(ge=1, description="points drawn for each proposal, of which the best is taken")
    ] = 24,
) -> optuna.samplers.BaseSampler:
    """Multivariate TPE (Bergstra et al. 2011; Falkner et al. 2018, arXiv:1807.01774).

    Running trials count as bad ones, so that parallel proposals differ. Parameters that apply
    under a condition are modelled together with those of the same condition. Once a sweep has more
    than 300 ended trials, the model is made from that many: the 60 best, and 240 evenly spread.
    """
    return Informed(
        _ClearTPE(
            distributions(space),
            seed=proposal_seed(seed, number),
            n_startup_trials=n_startup_trials,
            n_ei_candidates=n_ei_candidates,
            group=any(spec.when for spec in space.values()),
        ),
        most=_MOST,
    )


class _ClearTPE(optuna.samplers.TPESampler):
    """TPE that takes no candidate nearest to an infeasible trial while it has others.

    TPE knows infeasible trials as bad ones only, and the thin tail of the bad ones' density is
    where it likes to look. Cutting candidates is the idea of c-TPE (Watanabe, Hutter 2023,
    arXiv:2211.14411) with the nearest neighbour in place of a density.
    """

    def __init__(self, always: dict[str, BaseDistribution], **options: Any) -> None:
        super().__init__(**options)
        self._always = {n: d for n, d in always.items() if not d.single()}
        if not self._group:
            self._search_space = _Known(self._always)  # type: ignore[assignment]
        self._ended: list[FrozenTrial] = []
        self._infeasible = np.zeros(0, dtype=bool)

    def sample_relative(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        self._ended = [
            t
            for t in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
            if self._always.keys() <= t.params.keys()
        ]
        self._infeasible = np.array([broken(t) for t in self._ended], dtype=bool)
        return super().sample_relative(study, trial, search_space)

    def _compute_acquisition_func(
        self, samples: dict[str, np.ndarray], mpe_below: Any, mpe_above: Any
    ) -> np.ndarray:
        values: np.ndarray = super()._compute_acquisition_func(samples, mpe_below, mpe_above)
        if not self._infeasible.any() or not self._always.keys() <= samples.keys():
            return values
        apart = self._coordinates(samples)[:, None] - self._coordinates(self._told())
        cut = self._infeasible[(apart**2).sum(axis=2).argmin(axis=1)]
        return values if cut.all() else np.where(cut, -np.inf, values)

    def _told(self) -> dict[str, np.ndarray]:
        return {
            name: np.array([distribution.to_internal_repr(t.params[name]) for t in self._ended])
            for name, distribution in self._always.items()
        }

    def _coordinates(self, params: Mapping[str, np.ndarray]) -> np.ndarray:
        """One row for each point: every range is 1 long, two choices are 1 apart."""
        return np.hstack([_scaled(d, params[name]) for name, d in self._always.items()])


class _Known:
    """What all trials have in common, in place of `optuna.search_space.IntersectionSearchSpace`.

    That finds it out from all trials. Here a study's trials all have the same distributions, since
    a search space with others has a study of its own.
    """

    def __init__(self, always: dict[str, BaseDistribution]) -> None:
        self._always = dict(sorted(always.items()))

    def calculate(
        self, study: optuna.Study, use_cache: bool = False
    ) -> dict[str, BaseDistribution]:
        """Nothing while no trial has ended, as with Optuna's."""
        states = (TrialState.COMPLETE, TrialState.PRUNED)
        ended = study._get_trials(deepcopy=False, states=states, use_cache=use_cache)
        return dict(self._always) if ended else {}


def _scaled(distribution: BaseDistribution, values: np.ndarray) -> np.ndarray:
    """(points, coordinates)"""
    if isinstance(distribution, CategoricalDistribution):
        corners = np.eye(len(distribution.choices)) / np.sqrt(2)
        chosen: np.ndarray = corners[values.astype(int)]
        return chosen
    assert isinstance(distribution, (FloatDistribution, IntDistribution))
    ends = np.array([distribution.low, distribution.high], dtype=float)
    if distribution.log:
        values, ends = np.log(values), np.log(ends)
    scaled: np.ndarray = (values - ends[0]) / (ends[1] - ends[0])
    return scaled[:, None]
