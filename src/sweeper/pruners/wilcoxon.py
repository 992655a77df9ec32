"""Ends trials whose curve is significantly below the best trial's."""

from __future__ import annotations

from typing import Annotated

import optuna
from pydantic import Field

__all__ = ["wilcoxon"]


def wilcoxon(
    _epochs: int,
    /,
    *,
    p_threshold: Annotated[
        float, Field(gt=0, le=1, description="end at a p-value below this; larger ends sooner")
    ] = 0.1,
    n_startup_epochs: Annotated[
        int, Field(ge=0, description="epochs before the first judgement; at least 2 are needed")
    ] = 2,
) -> optuna.pruners.BasePruner:
    """Signed-rank test (Wilcoxon 1945) of a trial's epochs against the same of the best trial."""
    return optuna.pruners.WilcoxonPruner(p_threshold=p_threshold, n_startup_steps=n_startup_epochs)
