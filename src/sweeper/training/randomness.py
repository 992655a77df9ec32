"""Random numbers of an epoch as a function of the trial's seed and the epoch's number alone."""

from __future__ import annotations

import random

import numpy as np
import torch

__all__ = ["seed_everything"]


def seed_everything(seed: int, epoch: int) -> None:
    """Set the global generators of Python, NumPy and torch (all devices).

    Called at the start of each epoch, so a checkpoint between epochs needs to hold no generator's
    state: what a caller draws between two epochs, or before a continuation in another process,
    changes nothing. Epoch 0 is for the initial weights.
    """
    state = np.random.SeedSequence([seed, epoch]).generate_state(4, np.uint32)
    random.seed(int(state[0]))
    np.random.seed(int(state[1]))
    torch.manual_seed(int(state[2]) << 32 | int(state[3]))
