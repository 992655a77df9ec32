"""Covariance matrix adaptation evolution strategy."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from typing import Annotated, Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial
from pydantic import Field

from sweeper.config import SearchSpace
from sweeper.distributions import distributions
from sweeper.samplers._seeds import proposal_seed
from sweeper.samplers._told import Informed

__all__ = ["cmaes"]


def cmaes(
    space: SearchSpace,
    seed: int,
    number: int,
    /,
    *,
    n_startup_trials: Annotated[
        int, Field(ge=1, description="random trials before the first from the strategy")
    ] = 1,
    population_size: Annotated[
        int | None, Field(ge=2, description="trials per generation; null: from the dimension")
    ] = None,
    with_margin: Annotated[
        bool, Field(description="keep whole numbers from getting stuck (CMA-ES with margin)")
    ] = True,
    use_separable_cma: Annotated[
        bool, Field(description="no correlations: for many parameters; not with with_margin")
    ] = False,
    lr_adapt: Annotated[
        bool, Field(description="adapt the learning rate: for noisy values; alone only")
    ] = False,
) -> optuna.samplers.BaseSampler:
    """CMA-ES (Hansen 2016, arXiv:1604.00772), with margin (Hamano et al. 2022, arXiv:2205.13482).

    It knows numbers only: unordered choices, and parameters that apply under a condition, are
    proposed by TPE.

    Raises:
        ValueError: variants that exclude each other.
    """
    own = proposal_seed(seed, number)
    return Informed(
        _Cmaes(
            distributions(space),
            seed=own,
            independent_sampler=optuna.samplers.TPESampler(seed=own),
            n_startup_trials=n_startup_trials,
            popsize=population_size,
            with_margin=with_margin,
            use_separable_cma=use_separable_cma,
            lr_adapt=lr_adapt,
            warn_independent_sampling=False,
        ),
        constraints=False,
    )


class _Cmaes(optuna.samplers.CmaEsSampler):
    """CMA-ES that knows its space beforehand, and reads nothing but its own state.

    Optuna's takes the parameters that all trials so far have in common; a condition that fails for
    the first time changes their number, and the strategy breaks within its generation.
    """

    def __init__(self, space: Mapping[str, BaseDistribution], **options: Any) -> None:
        super().__init__(**options)
        self._numbers = {
            name: distribution
            for name, distribution in space.items()
            if not isinstance(distribution, CategoricalDistribution) and not distribution.single()
        }

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._numbers

    # Optuna keeps the state pickled in the study
    def _restore_optimizer(self, completed_trials: list[FrozenTrial]) -> Any:
        for trial in reversed(completed_trials):
            prefix = self._attr_key_optimizer
            parts = {k: v for k, v in trial.system_attrs.items() if k.startswith(prefix)}
            if parts:
                state = bytes.fromhex(self._concat_optimizer_attrs(parts))
                return _StateUnpickler(io.BytesIO(state)).load()
        return None


class _StateUnpickler(pickle.Unpickler):
    """Makes nothing but the strategies and their arrays: a study may come from elsewhere."""

    _ALLOWED = frozenset(
        {
            ("cmaes._cma", "CMA"),
            ("cmaes._sepcma", "SepCMA"),
            ("cmaes._cmawm", "CMAwM"),
            ("numpy", "dtype"),
            ("numpy", "ndarray"),
            ("numpy._core.multiarray", "_reconstruct"),
            ("numpy._core.multiarray", "scalar"),
        }
    )

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if (module_name, global_name) not in self._ALLOWED:
            raise pickle.UnpicklingError(
                f"the study holds {module_name}.{global_name} where the state of CMA-ES should be"
            )
        return super().find_class(module_name, global_name)
