"""Bayesian optimisation with a Gaussian process."""

from __future__ import annotations

from typing import Annotated, Any

import optuna
import scipy.linalg  # type: ignore[import-untyped]  # noqa: F401 (its BLAS is held back below)
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial
from pydantic import Field
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from sweeper.samplers._seeds import proposal_seed
from sweeper.samplers._told import Informed

__all__ = ["gp"]

_MOST = 300  # trials that a proposal is made from: its cost grows with their third power


def gp(
    _space: object,
    seed: int,
    number: int,
    /,
    *,
    n_startup_trials: Annotated[
        int, Field(ge=1, description="random trials before the first proposal from the model")
    ] = 10,
    deterministic_objective: Annotated[
        bool, Field(description="the same parameters always give the same value")
    ] = False,
) -> optuna.samplers.BaseSampler:
    """GP, Matern 5/2 kernel, log expected improvement (Ament et al. 2023, arXiv:2310.20708).

    Infeasible trials enter as a constraint (Gardner et al. 2014, PMLR 32), running ones as
    pending points. Parameters that apply under a condition are proposed by TPE. Of more than 300
    ended trials it takes the 60 best, and 240 evenly spread.
    """
    own = proposal_seed(seed, number)
    others = optuna.samplers.TPESampler(seed=own, n_startup_trials=n_startup_trials)
    return Informed(
        _OneThreadGP(
            seed=own,
            independent_sampler=others,
            n_startup_trials=n_startup_trials,
            deterministic_objective=deterministic_objective,
            warn_independent_sampling=False,
        ),
        most=_MOST,
    )


class _OneThreadGP(optuna.samplers.GPSampler):
    """GP on one processor: the others train, and its matrices are small.

    Optuna sets ``OPENBLAS_NUM_THREADS`` for that, which is read before; four threads were seen to
    take four times the processor time.
    """

    def sample_relative(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        with threadpool_limits(limits=1, user_api="blas"):
            params: dict[str, Any] = super().sample_relative(study, trial, search_space)
        return params
