"""The stock stack, as its documentation tells a user to put it together.

``tune.Tuner`` with ``OptunaSearch`` (TPE), ``ASHAScheduler`` and ``MLflowLoggerCallback`` on SQLite
in the working folder. Runs as a process of its own: ``python -m benchmarks.overhead.stock``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.air.integrations.mlflow import MLflowLoggerCallback
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search.optuna import OptunaSearch

from benchmarks.overhead import trivial

__all__: list[str] = []


def _train(config: dict[str, Any]) -> None:
    for epoch in range(1, trivial.EPOCHS + 1):
        tune.report(trivial.train_epoch(config["lr"], config["batch_size"], epoch))


def _tuner(options: argparse.Namespace) -> tune.Tuner:
    here = Path.cwd()
    reuse_actors: bool = options.reuse_actors
    mirror = MLflowLoggerCallback(f"sqlite:///{here / 'mlflow.db'}", experiment_name="overhead")
    return tune.Tuner(
        tune.with_resources(_train, {"cpu": 1}),
        param_space={
            "lr": tune.loguniform(*trivial.LR),
            "batch_size": tune.choice(trivial.BATCH_SIZES),
        },
        tune_config=tune.TuneConfig(
            metric=trivial.OBJECTIVE,
            mode="max",
            search_alg=OptunaSearch(seed=options.seed),
            scheduler=ASHAScheduler(max_t=trivial.EPOCHS, grace_period=options.grace),
            num_samples=options.trials,
            max_concurrent_trials=options.jobs,
            reuse_actors=reuse_actors,
        ),
        run_config=tune.RunConfig(
            name="overhead", storage_path=str(here / "ray"), callbacks=[mirror], verbose=0
        ),
    )


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, required=True)
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--grace", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--reuse-actors", action="store_true")
    options = parser.parse_args()
    ray.init(address="local", num_cpus=options.jobs, include_dashboard=False, log_to_driver=False)
    _tuner(options).fit()


if __name__ == "__main__":
    _main()
