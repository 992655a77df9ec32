"""Which trials are the same training, so that nothing is trained twice.

A training is decided by its configuration, its seed, the code and the data. The seed follows from
the sweep's seed and the parameters, so that the same proposal is the same training.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from sweeper.config import apply
from sweeper.records import ParamValue, TrialRecord, TrialState

if TYPE_CHECKING:
    from sweeper.config import SweepConfig

__all__ = ["find_original", "free_seed", "training_identity", "trial_seed"]

_REPEATABLE = (TrialState.COMPLETE, TrialState.DIVERGED, TrialState.PRUNED)
"""Endings that the same training has again, the most telling first.

Out of memory and out of time depend on the machine, and a failure is worth another try.
"""


def trial_seed(sweep_seed: int, params: Mapping[str, ParamValue], replicate: int = 0) -> int:
    """The seed of a training: the same whenever the same parameters are trained.

    Args:
        replicate: 0, or which of several trainings of the same parameters it is.
    """
    canonical = {n: v if isinstance(v, (bool, str)) else float(v) for n, v in params.items()}
    return int(_digest([sweep_seed, canonical, replicate])[:8], 16)


def training_identity(
    config: SweepConfig, params: Mapping[str, ParamValue], seed: int, origin: str
) -> str:
    """A hash of all that decides what a training gives.

    Args:
        origin: stands for the code and the data.
    """
    return _digest([config.task, apply(config, params), seed, origin])


def find_original(trials: Mapping[str, TrialRecord], identity: str) -> str | None:
    """The name of the trial whose training ``identity`` is, with an ending it would have again."""
    found = {
        name: _REPEATABLE.index(r.state)
        for name, r in trials.items()
        if r.identity == identity and r.state in _REPEATABLE and not r.is_repeat
    }
    return min(found, key=lambda name: found[name], default=None)


def free_seed(sweep_seed: int, params: Mapping[str, ParamValue], taken: AbstractSet[int]) -> int:
    """The first seed of ``params`` that is not ``taken``."""
    seeds = (trial_seed(sweep_seed, params, replicate) for replicate in itertools.count())
    return next(seed for seed in seeds if seed not in taken)


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
