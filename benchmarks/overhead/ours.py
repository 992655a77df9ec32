"""The same work as a sweep of sweeper's."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.overhead.trivial import BATCH_SIZES, EPOCHS, LR, OBJECTIVE

__all__ = ["NAME", "command", "halving"]

NAME = "overhead"


def halving(grace: int) -> dict[str, Any]:
    """ASHA, with the factor that is `ASHAScheduler`'s default."""
    options = {"min_epochs": grace, "reduction_factor": 4}
    return {"name": "successive_halving", **options}


def command(
    folder: Path, trials: int, jobs: int, seed: int, sampler: str, pruner: Mapping[str, Any]
) -> list[str]:
    """Write the search space into ``folder``; gives the command that runs it there."""
    low, high = LR
    sweep = {
        "version": 1,
        "name": NAME,
        "experiment": NAME,
        "seed": seed,
        "task": "benchmarks.overhead.task:task",
        "training": {"epochs": EPOCHS},
        "search_space": {
            "lr": {"type": "float", "low": low, "high": high, "log": True},
            "batch_size": {"type": "categorical", "choices": list(BATCH_SIZES)},
        },
        "objective": {"metric": OBJECTIVE, "direction": "maximize"},
        "sampler": {"name": sampler},
        "pruner": dict(pruner),
        "budget": {"trials": trials},
        "resources": {"cpus": jobs, "cpus_per_trial": 1, "concurrent": jobs},
    }
    file = folder / f"{NAME}.yaml"
    file.write_text(yaml.safe_dump(sweep, sort_keys=False))
    return [str(Path(sys.executable).with_name("sweeper")), "run", file.name]
