"""Trials of a sweep over a known valley, from a seed, without a sampler."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sweeper.records import EpochReport, ParamValue, TrialRecord, TrialState

EPOCHS = 27
LR = {"type": "float", "low": 1e-4, "high": 1e-1, "log": True}
BATCH = {"type": "categorical", "choices": [4, 8, 16, 32, 64]}

Params = Mapping[str, ParamValue]


def ridge(params: Params) -> float:
    """Best at lr 10**-2.5 * sqrt(batch / 16), batch 16; 9 there."""
    u = math.log2(float(params.get("lr", 10**-2.5)) / 10**-2.5)
    v = math.log2(float(params.get("batch_size", 16)) / 16)
    return 9 - (u - 0.5 * v) ** 2 / 2 - v**2 / 8


def flat(params: Params) -> float:
    return 9.0


def sweep(
    objective: Callable[[Params], float] = ridge,
    *,
    trials: int = 40,
    seed: int = 0,
    noise: float = 0.1,
    metric: str = "val_si_sdr",
    draw: Callable[[np.random.Generator], Params] | None = None,
) -> list[TrialRecord]:
    """Every third trial that is behind is stopped at epoch 9; curves rise exponentially."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(trials):
        params = draw(rng) if draw else {"lr": _lr(rng), "batch_size": _batch(rng)}
        final = objective(params) + noise * float(rng.standard_normal())
        stopped = final < 7 and number % 3 == 0
        found.append(record(number, params, final, 9 if stopped else EPOCHS, metric))
    return found


def record(
    number: int, params: Params, final: float, epochs: int = EPOCHS, metric: str = "val_si_sdr"
) -> TrialRecord:
    curve = [final - 10 * (math.exp(-e / 4) - math.exp(-EPOCHS / 4)) for e in range(1, epochs + 1)]
    state = TrialState.COMPLETE if epochs == EPOCHS else TrialState.PRUNED
    reports = tuple(EpochReport(e, {metric: v}, float(e)) for e, v in enumerate(curve, start=1))
    return TrialRecord(number, params, state, seed=number, reports=reports, value=max(curve))


def _lr(rng: np.random.Generator) -> float:
    return float(10 ** rng.uniform(-4, -1))


def _batch(rng: np.random.Generator) -> int:
    return int(rng.choice([4, 8, 16, 32, 64]))


def space(**more: Any) -> dict[str, Any]:
    return {"lr": LR, "batch_size": BATCH, **more}
