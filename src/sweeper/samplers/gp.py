"""Bayesian optimisation with a Gaussian process."""

from __future__ import annotations

from typing import Annotated

import optuna
from pydantic import Field

from sweeper.samplers._seeds import proposal_seed
from sweeper.samplers._told import Informed

__all__ = ["gp"]


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
    pending points. Parameters that apply under a condition are proposed by TPE.
    """
    own = proposal_seed(seed, number)
    others = optuna.samplers.TPESampler(seed=own, n_startup_trials=n_startup_trials)
    return Informed(
        optuna.samplers.GPSampler(
            seed=own,
            independent_sampler=others,
            n_startup_trials=n_startup_trials,
            deterministic_objective=deterministic_objective,
            warn_independent_sampling=False,
        )
    )
