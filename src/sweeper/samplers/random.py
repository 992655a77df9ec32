"""Independent uniform draws: the baseline that a sampler has to beat."""

from __future__ import annotations

import optuna

from sweeper.samplers._seeds import proposal_seed

__all__ = ["random"]


def random(_space: object, seed: int, number: int, /) -> optuna.samplers.BaseSampler:
    """Random search (Bergstra, Bengio 2012, JMLR 13)."""
    return optuna.samplers.RandomSampler(seed=proposal_seed(seed, number))
