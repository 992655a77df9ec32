"""What a sweep lost and what it did twice, counted after its last session."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from chaos import tasks
from chaos.arena import Arena
from chaos.record import Losses
from sweeper.records import TrialRecord, TrialState
from sweeper.tracker.names import metric_key, metric_value

__all__ = ["count_losses", "essence", "in_mlflow", "is_whole"]

Judge = Callable[[TrialRecord], bool]


def is_whole(record: TrialRecord, epochs: int = 4) -> bool:
    """Whether an untroubled trial ended as it must: with every epoch up to its end."""
    if [r.epoch for r in record.reports] != list(range(1, record.epoch + 1)):
        return False
    if record.state is TrialState.COMPLETE:
        return record.epoch == epochs
    return record.state is TrialState.PRUNED and record.epoch > 0


def count_losses(
    arena: Arena,
    trials: int,
    judge: Judge = is_whole,
    *,
    uri: str = "",
    of: Collection[int] | None = None,
) -> Losses:
    """Look at the ledger, at MLflow, at what was trained and at the processes.

    Args:
        trials: how many were asked for.
        judge: whether a trial ended as it must.
        uri: of MLflow; its default is the store in the sweep's folder.
        of: trials to look at; None for all.
    """
    left = [*arena.leftovers(), *arena.scratch.glob("sweeper-*")]
    print("left:", left)
    records = arena.records()
    chosen = [r for r in records if of is None or r.number in of]
    losses = Losses(
        trials=abs(trials - len(records)) + sum(not judge(r) for r in chosen),
        wrong_numbers=sum(_wrong_numbers(r) for r in chosen),
        processes=len(left),
    )
    losses = dataclasses.replace(losses, **_epochs_again(arena, {r.number for r in chosen}))
    return dataclasses.replace(losses, **in_mlflow(records, uri or arena.store))


def essence(records: Iterable[TrialRecord], *measured: str) -> list[object]:
    """What an interruption must not change, to the last bit.

    Args:
        measured: metrics that are another each time, such as speeds.
    """

    def fixed(metrics: Mapping[str, float]) -> dict[str, float]:
        return {name: value for name, value in metrics.items() if name not in measured}

    return [
        [r.number, dict(r.params), r.seed, r.state, r.value, r.reason]
        + [[e.epoch, fixed(e.metrics), {str(s): v for s, v in e.steps.items()}] for e in r.reports]
        for r in records
    ]


def _wrong_numbers(record: TrialRecord) -> int:
    true = tasks.truth(record.params, record.seed, record.epoch)
    return sum(dict(r.metrics) != true[r.epoch - 1] for r in record.reports)


def _epochs_again(arena: Arena, of: Collection[int]) -> dict[str, int]:
    begun = Counter((number, epoch) for number, epoch, _ in arena.begun())
    again: Counter[int] = Counter()
    for (number, _), times in begun.items():
        again[number] += times - 1 if number in of else 0
    beyond = sum(
        max(0, times - sum(number in met for met in arena.met)) for number, times in again.items()
    )
    return {"epochs_again": again.total(), "beyond_one": beyond}


def in_mlflow(records: Collection[TrialRecord], uri: str, metric: str = "score") -> dict[str, int]:
    """The losses between the ledger and MLflow; ``metric`` is the objective, to be maximized."""
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    experiments = [e.experiment_id for e in client.search_experiments()]
    runs = list(client.search_runs(experiments, max_results=1000))
    parents = [r for r in runs if r.data.tags["sweeper.role"] == "parent"]
    children = [r for r in runs if r.data.tags["sweeper.role"] == "trial"]
    by_trial = {int(r.data.tags["sweeper.trial"]): r for r in children}
    lost = twice = wrong = files = 0
    for record in records:
        expected = _points(record, metric)
        run = by_trial.get(record.number)
        found = _found(client, run) if run else Counter()
        lost += (expected - found).total()
        twice += (found - expected).total()
        wrong += run is None or run.data.tags["sweeper.state"] != record.state.value
        files += run is None or "train.log" not in _files(client, run)
    for parent in parents:
        points = Counter((key, step) for key, step, _ in _found(client, parent))
        twice += points.total() - len(points)
    return {
        "steps_lost": lost,
        "steps_twice": twice,
        "runs_twice": len(children) - len(records) + abs(len(parents) - 1),
        "runs_open": wrong
        + sum(r.info.status == "RUNNING" for r in runs)
        + sum(r.info.status != "FINISHED" for r in parents),
        "files": files,
    }


def _points(record: TrialRecord, metric: str) -> Counter[tuple[str, int, float]]:
    """What MLflow must have of the trial."""
    points: Counter[tuple[str, int, float]] = Counter()
    best = max(record.reports, key=lambda r: (r.metrics[metric], -r.epoch), default=None)
    for report in record.reports:
        points.update(
            (metric_key(n), report.epoch, metric_value(n, v)) for n, v in report.metrics.items()
        )
        points.update(("train_loss_step", step, loss) for step, loss in report.steps.items())
    if best is not None and record.value is not None:
        points[f"best_{metric}", record.epoch, best.metrics[metric]] += 1
        points["best_epoch", record.epoch, float(best.epoch)] += 1
        points["epoch", record.epoch, float(record.epoch)] += 1
        if record.state is TrialState.COMPLETE:
            points[f"finished_{metric}", record.epoch, best.metrics[metric]] += 1
        for name, value in best.metrics.items():
            if name != metric and name.startswith(("train_", "val_")):
                points[f"{name}_at_best", record.epoch, value] += 1
    return points


def _found(client: Any, run: Any) -> Counter[tuple[str, int, float]]:
    return Counter(
        (key, point.step, point.value)
        for key in run.data.metrics
        for point in client.get_metric_history(run.info.run_id, key)
    )


def _files(client: Any, run: Any) -> set[str]:
    return {file.path for file in client.list_artifacts(run.info.run_id)}
