"""The stock stack with checkpoints, as its documentation tells a user to build and restore it.

``python -m chaos.stock`` runs a sweep in the working folder, or restores the one that is there.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.air.integrations.mlflow import MLflowLoggerCallback
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search.optuna import OptunaSearch

from chaos import tasks

TRIALS, EPOCHS = 8, 4


def _train(config: dict[str, Any]) -> None:
    states: list[float] = []
    if checkpoint := tune.get_checkpoint():
        with checkpoint.as_directory() as folder:
            states = json.loads((Path(folder) / "states.json").read_text())
    while len(states) < EPOCHS:
        tasks.note(0, len(states) + 1)
        time.sleep(0.3)
        states.append(float(len(states)))
        score = tasks.truth(config, 0, len(states))[-1]["score"]
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "states.json").write_text(json.dumps(states))
            tune.report({"score": score}, checkpoint=tune.Checkpoint.from_directory(folder))


def _tuner(here: Path) -> tune.Tuner:
    trainable = tune.with_resources(_train, {"cpu": 1})
    place = here / "ray" / "stock"
    if tune.Tuner.can_restore(str(place)):
        return tune.Tuner.restore(str(place), trainable, resume_unfinished=True)
    mirror = MLflowLoggerCallback(f"sqlite:///{here / 'mlflow.db'}", experiment_name="stock")
    return tune.Tuner(
        trainable,
        param_space={
            "lr": tune.loguniform(1e-4, 1e-1),
            "batch_size": tune.choice([2, 4, 8, 16]),
        },
        tune_config=tune.TuneConfig(
            metric="score",
            mode="max",
            search_alg=OptunaSearch(seed=0),
            scheduler=ASHAScheduler(max_t=EPOCHS, grace_period=2),
            num_samples=TRIALS,
            max_concurrent_trials=2,
            reuse_actors=False,
        ),
        run_config=tune.RunConfig(
            name="stock", storage_path=str(here / "ray"), callbacks=[mirror], verbose=0
        ),
    )


if __name__ == "__main__":
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    _tuner(Path.cwd()).fit()
