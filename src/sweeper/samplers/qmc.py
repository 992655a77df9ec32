"""Quasi-Monte Carlo: covers the space more evenly than random draws."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial
from pydantic import Field

from sweeper.config import SearchSpace
from sweeper.distributions import distributions
from sweeper.samplers._seeds import proposal_seed

__all__ = ["qmc"]


def qmc(
    space: SearchSpace,
    seed: int,
    number: int,
    /,
    *,
    qmc_type: Annotated[
        Literal["sobol", "halton"],
        Field(description="the sequence; sobol is most even after 2, 4, 8, 16, ... trials"),
    ] = "sobol",
    scramble: Annotated[
        bool, Field(description="shift the sequence by the seed; false: the same for every seed")
    ] = True,
) -> optuna.samplers.BaseSampler:
    """Sobol' or Halton sequence (Bergstra, Bengio 2012, JMLR 13).

    Parameters that apply under a condition are drawn at random, since a gap would break the
    sequence.
    """
    others = optuna.samplers.RandomSampler(seed=proposal_seed(seed, number))
    return _WholeQMC(
        distributions(space),
        number,
        qmc_type=qmc_type,
        scramble=scramble,
        seed=seed,
        independent_sampler=others,
        warn_independent_sampling=False,
    )


class _WholeQMC(optuna.samplers.QMCSampler):
    """QMC that knows its space and the trial beforehand.

    Optuna's gives the first trial away to learn the space, and counts its points in the study, so
    that a kill loses one.
    """

    def __init__(self, space: dict[str, BaseDistribution], number: int, **options: Any) -> None:
        super().__init__(**options)
        self._number = number
        self._space = {name: d for name, d in space.items() if not d.single()}

    def infer_relative_search_space(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
    ) -> dict[str, BaseDistribution]:
        return self._space

    def _find_sample_id(
        self, study: optuna.Study, search_space: dict[str, BaseDistribution]
    ) -> int:
        before = study.get_trials(deepcopy=False)[: self._number]
        return sum("fixed_params" not in trial.system_attrs for trial in before)
