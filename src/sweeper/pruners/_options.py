"""Options that several pruners have, and how they count epochs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

__all__ = ["IntervalEpochs", "NMinTrials", "NStartupTrials", "NWarmupEpochs", "first_step"]

NStartupTrials = Annotated[
    int, Field(ge=0, description="finished trials before the first may be ended early")
]
NWarmupEpochs = Annotated[
    int, Field(ge=0, description="epochs that every trial trains without being judged")
]
IntervalEpochs = Annotated[int, Field(ge=1, description="epochs from one judgement to the next")]
NMinTrials = Annotated[
    int, Field(ge=1, description="finished trials with a value at the epoch, to judge by")
]


def first_step(n_warmup_epochs: int) -> int:
    """Optuna's ``n_warmup_steps``: the first step that is judged, ours being the epochs from 1."""
    return n_warmup_epochs + 1
