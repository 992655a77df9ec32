"""Optuna alone, in processes of joblib that share a journal, as its FAQ advises for one machine.

`MLflowCallback` mirrors, and its ``track_in_mlflow`` lets the objective log each epoch. Runs as a
process of its own, in an environment with ``optuna-integration``.
"""

from __future__ import annotations

import argparse

import mlflow
import optuna
from joblib import Parallel, delayed
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna_integration.mlflow import MLflowCallback

from benchmarks.overhead import trivial

__all__: list[str] = []

_NAME = "overhead"
_STORE = "sqlite:///mlflow.db"


def _optimize(trials: int, worker: int, options: argparse.Namespace) -> None:
    """What one process does."""
    mirror = MLflowCallback(_STORE, metric_name=f"best_{trivial.OBJECTIVE}")
    study = optuna.load_study(
        study_name=_NAME,
        storage=_storage(),
        sampler=optuna.samplers.TPESampler(seed=1000 * options.seed + worker),
        pruner=optuna.pruners.SuccessiveHalvingPruner(
            min_resource=options.grace, reduction_factor=4
        ),
    )
    study.optimize(mirror.track_in_mlflow()(_objective), n_trials=trials, callbacks=[mirror])


def _objective(trial: optuna.Trial) -> float:
    lr = trial.suggest_float("lr", *trivial.LR, log=True)
    batch_size = trial.suggest_categorical("batch_size", trivial.BATCH_SIZES)
    best = float("-inf")
    for epoch in range(1, trivial.EPOCHS + 1):
        values = trivial.train_epoch(lr, batch_size, epoch)
        mlflow.log_metrics(values, step=epoch)
        best = max(best, values[trivial.OBJECTIVE])
        trial.report(values[trivial.OBJECTIVE], epoch)
        if epoch < trivial.EPOCHS and trial.should_prune():
            raise optuna.TrialPruned
    return best


def _storage() -> JournalStorage:
    return JournalStorage(JournalFileBackend("journal.log"))


def _main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("trials", "jobs", "grace", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args()
    optuna.create_study(study_name=_NAME, storage=_storage(), direction="maximize")
    mlflow.set_tracking_uri(_STORE)
    mlflow.set_experiment(_NAME)  # two processes at once would both make it
    jobs = options.jobs
    parts = [options.trials // jobs + (k < options.trials % jobs) for k in range(jobs)]
    Parallel(n_jobs=jobs)(delayed(_optimize)(part, k, options) for k, part in enumerate(parts))


if __name__ == "__main__":
    _main()
