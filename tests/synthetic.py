"""Sweeps that never ran: a configuration and trial records with every outcome, from a seed."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

from sweeper.config import SweepConfig
from sweeper.records import EpochReport, ParamValue, TrialRecord, TrialState

EPOCHS = 12
START = 1_750_000_000.0
SPACE: dict[str, Any] = {
    "lr": {"type": "float", "low": 1e-4, "high": 3e-2, "log": True},
    "batch_size": {"type": "categorical", "choices": [2, 4, 8, 16]},
    "model.encoder": {"type": "categorical", "choices": ["learned", "stft"]},
    "model.n_fft": {
        "type": "categorical",
        "choices": [256, 512],
        "when": {"model.encoder": "stft"},
    },
    "training.weight_decay": {"type": "fixed", "value": 1e-5},
}


def sweep_config(
    space: dict[str, Any] | None = None,
    *,
    trials: int = 24,
    metric: str = "val_si_sdr",
    direction: str = "maximize",
) -> SweepConfig:
    return SweepConfig.model_validate(
        {
            "name": "dprnn",
            "experiment": "baseline_verification",
            "seed": 0,
            "task": "enhancement",
            "model": {"name": "dprnn"},
            "data": {"name": "demo"},
            "training": {"epochs": EPOCHS},
            "search_space": SPACE if space is None else space,
            "objective": {"metric": metric, "direction": direction},
            "sampler": {"name": "tpe", "seed": 0},
            "pruner": {"name": "hyperband"},
            "budget": {"trials": trials},
            "resources": {},
        }
    )


def trial(
    number: int,
    params: dict[str, ParamValue],
    value: float | None = None,
    state: TrialState = TrialState.COMPLETE,
    *,
    metric: str = "val_si_sdr",
    epochs: int | None = None,
    reason: str = "",
) -> TrialRecord:
    """A trial whose objective rises or falls straight to ``value``."""
    length = (EPOCHS if value is not None else 0) if epochs is None else epochs
    start = START + 30.0 * number
    reports = tuple(
        EpochReport(e, {metric: (value or 0.0) * e / length}, start + 9.0 * e)
        for e in range(1, length + 1)
    )
    end = start + 9.0 * length + 2.0 if state.ended else None
    return TrialRecord(
        number,
        params,
        state,
        seed=number,
        reports=reports,
        value=None if state.infeasible else value,
        reason=reason,
        started=start,
        ended=end,
        seconds=9.0 * length + 2.0,
    )


def sweep_records(n: int, seed: int = 0) -> list[TrialRecord]:
    """``n`` ended trials of `SPACE`: best near lr 1e-3 to 3e-3, diverging above about 1e-2."""
    draw = random.Random(seed)
    return [_drawn(number, draw) for number in range(n)]


def sound_records(n: int, seed: int = 0) -> list[TrialRecord]:
    """``n`` finished trials over lr and batch size alone: a clear tilted valley, little noise."""
    draw = random.Random(seed)
    made = []
    for number in range(n):
        lr, batch = 1e-4 * 300 ** ((number * 0.618) % 1), 2 ** (1 + number % 4)
        optimum = 2e-3 * (batch / 6) ** 0.5
        value = 30 - math.log(lr / optimum) ** 2 - 0.5 * math.log2(batch / 6) ** 2
        record = trial(number, {"lr": lr, "batch_size": batch}, value + draw.gauss(0, 0.05))
        made.append(replace(record, reports=tuple(map(_levelled, record.reports))))
    return made


def _levelled(report: EpochReport) -> EpochReport:
    """The same epoch of a curve that has levelled off by the last one."""
    share = (1 - 0.4**report.epoch) / (1 - 0.4**EPOCHS) * EPOCHS / report.epoch
    return replace(report, metrics={k: v * share for k, v in report.metrics.items()})


def _drawn(number: int, draw: random.Random) -> TrialRecord:
    lr, batch = 10 ** draw.uniform(-4, -1.53), draw.choice([2, 4, 8, 16])
    params: dict[str, ParamValue] = {"lr": lr, "batch_size": batch}
    params["model.encoder"] = draw.choice(["learned", "stft"])
    if params["model.encoder"] == "stft":
        params["model.n_fft"] = draw.choice([256, 512])
    optimum = -2.9 + 0.5 * math.log10(batch / 4)
    value = 9.5 - 2.5 * (math.log10(lr) - optimum) ** 2 + draw.gauss(0, 0.1)
    if lr > 1.2e-2 * math.sqrt(batch / 4):
        return trial(number, params, state=TrialState.DIVERGED, epochs=draw.randint(0, 2))
    if batch == 16 and draw.random() < 0.2:
        return trial(number, params, state=TrialState.OUT_OF_MEMORY)
    kind = draw.random()
    if kind < 0.4:
        epochs = draw.choice([1, 3, 6])
        early = value * epochs / EPOCHS
        return trial(
            number, params, early, TrialState.PRUNED, epochs=epochs, reason="below <median>"
        )
    if kind < 0.45:
        return trial(number, params, value, TrialState.TIMED_OUT, epochs=5)
    if kind < 0.5:
        return trial(number, params, state=TrialState.FAILED, reason="node lost | 3 times")
    return trial(number, params, value)
