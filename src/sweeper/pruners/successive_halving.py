"""At each rung the best of the trials go on."""

from __future__ import annotations

from typing import Annotated

import optuna
from pydantic import Field

from sweeper.pruners._halving import Halving

__all__ = ["successive_halving"]


def successive_halving(
    _epochs: int,
    /,
    *,
    min_epochs: Annotated[int, Field(ge=1, description="epochs up to the first rung")] = 1,
    reduction_factor: Annotated[
        int, Field(ge=2, description="of so many trials one goes on; rungs are so much apart")
    ] = 3,
    min_early_stopping_rate: Annotated[
        int, Field(ge=0, description="rungs to leave out at the start")
    ] = 0,
    bootstrap_count: Annotated[
        int, Field(ge=0, description="trials that end at a rung before the first may pass it")
    ] = 0,
) -> optuna.pruners.BasePruner:
    """Asynchronous successive halving, ASHA (Li et al. 2020, arXiv:1810.05934)."""
    return Halving(
        min_resource=min_epochs,
        reduction_factor=reduction_factor,
        min_early_stopping_rate=min_early_stopping_rate,
        bootstrap_count=bootstrap_count,
    )
