"""A sweep over a landscape, with sweeper's own sampler, pruner and study, and no training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.region.landscapes import Landscape
from sweeper.config import SweepConfig
from sweeper.ledger.study import SweepStudy
from sweeper.records import EpochReport, ParamValue, TrialRecord, TrialState

__all__ = ["METRIC", "config_for", "simulate"]

METRIC = "val_loss"
_EPOCH_NOISE = 0.5  # of the noise over seeds


def config_for(landscape: Landscape, trials: int, seed: int, **more: str) -> SweepConfig:
    """A sweep's configuration; ``more`` goes into the objective (``goal``)."""
    return SweepConfig.model_validate(
        {
            "name": landscape.name.replace(" ", "-").replace(",", ""),
            "experiment": "benchmark",
            "seed": seed,
            "task": "enhancement",
            "model": {"name": "dprnn"},
            "data": {"name": "demo"},
            "training": {"epochs": landscape.epochs},
            "search_space": {
                "lr": {
                    "type": "float",
                    "low": landscape.lr[0],
                    "high": landscape.lr[-1],
                    "log": True,
                },
                "batch_size": {
                    "type": "int",
                    "low": round(landscape.batch[0]),
                    "high": round(landscape.batch[-1]),
                    "log": True,
                },
            },
            "objective": {"metric": METRIC, "direction": "minimize", **more},
            "sampler": {"name": "tpe", "seed": seed},
            "pruner": {"name": "hyperband", "options": {"reduction_factor": 2}},
            "budget": {"trials": trials},
            "resources": {},
        }
    )


def simulate(
    landscape: Landscape, config: SweepConfig, seed: int, epochs: int | None = None
) -> list[TrialRecord]:
    """Run the whole budget, one trial after the other; no further than ``epochs`` in all."""
    study = SweepStudy(None, config)
    rng = np.random.default_rng((seed, 1))
    records: list[TrialRecord] = []
    for _ in range(config.budget.trials):
        asked = study.ask()
        assert asked is not None
        records.append(_train(landscape, study, *asked, rng))
        if epochs is not None and sum(r.epoch for r in records) >= epochs:
            break
    return records


def _train(
    landscape: Landscape,
    study: SweepStudy,
    number: int,
    params: Mapping[str, ParamValue],
    rng: np.random.Generator,
) -> TrialRecord:
    curve = landscape.curve(float(params["lr"]), float(params["batch_size"]))
    seeded = curve + landscape.noise_sd * rng.standard_normal()
    noisy = seeded + _EPOCH_NOISE * landscape.noise_sd * rng.standard_normal(len(curve))
    reports: list[EpochReport] = []
    state = TrialState.COMPLETE
    for epoch, value in enumerate(noisy.tolist(), start=1):
        if not np.isfinite(value):
            state = TrialState.DIVERGED
            break
        reports.append(EpochReport(epoch, {METRIC: value}, float(epoch)))
        if study.report(number, reports[-1]):
            state = TrialState.PRUNED
            break
    best = min((r.metrics[METRIC] for r in reports), default=None)
    value = best if state in (TrialState.COMPLETE, TrialState.PRUNED) else None
    study.end(number, state, value)
    return TrialRecord(number, params, state, seed=number, reports=tuple(reports), value=value)
