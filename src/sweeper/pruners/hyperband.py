"""Successive halving at several degrees of patience."""

from __future__ import annotations

from typing import Annotated

import optuna
from pydantic import Field

from sweeper.pruners._halving import Hyperband

__all__ = ["hyperband"]


def hyperband(
    epochs: int,
    /,
    *,
    min_epochs: Annotated[
        int, Field(ge=1, description="epochs that every trial trains before it may be ended")
    ] = 1,
    reduction_factor: Annotated[
        int, Field(ge=2, description="of so many trials one goes on; rungs are so much apart")
    ] = 3,
    bootstrap_count: Annotated[
        int, Field(ge=0, description="trials that end at a rung before the first may pass it")
    ] = 0,
) -> optuna.pruners.BasePruner:
    """Hyperband (Li et al. 2018, JMLR 18), asynchronous.

    With 12 epochs: most trials have rungs at epochs 1, 3 and 9, some at 3 and 9, a few at 9 only.
    Which ones depends on the study's name and the trial's number.

    Raises:
        ValueError: ``min_epochs`` is above ``epochs``.
    """
    if min_epochs > epochs:
        raise ValueError(
            f"min_epochs <= epochs must hold, but got min_epochs: {min_epochs}, epochs: {epochs}"
        )
    return Hyperband(
        min_resource=min_epochs,
        max_resource=epochs,
        reduction_factor=reduction_factor,
        bootstrap_count=bootstrap_count,
    )
