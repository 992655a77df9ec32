"""Seeds of samplers that are made anew for each trial."""

from __future__ import annotations

import numpy as np

__all__ = ["proposal_seed"]


def proposal_seed(seed: int, number: int) -> int:
    """The seed for the proposal of trial ``number``: unrelated for neighbours, below 2**32."""
    return int(np.random.SeedSequence((seed, number)).generate_state(1)[0])
