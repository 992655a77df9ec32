"""A sweep without training: every trial is handed out, reported and ended as a driver does it."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.synthetic import sweep_config

from sweeper.config import SweepConfig
from sweeper.engine.conductor import Conductor
from sweeper.engine.resources import Slots
from sweeper.ledger.ledger import Ledger, open_ledger
from sweeper.ledger.paths import SweepPaths
from sweeper.ledger.study import SweepStudy
from sweeper.records import EpochReport, ParamValue, Trial, TrialState
from sweeper.sweep.admission import admit
from sweeper.trial import Outcome

__all__ = ["EPOCHS", "SPACE", "Cost", "opened", "replay", "window"]

EPOCHS = 12
SPACE: dict[str, Any] = {
    "lr": {"type": "float", "low": 1e-4, "high": 3e-2, "log": True},
    "batch_size": {"type": "categorical", "choices": [2, 4, 8, 16]},
    "training.weight_decay": {"type": "float", "low": 1e-6, "high": 1e-3, "log": True},
}
_SLOTS = Slots(concurrent=2, cpus_per_trial=1.0, gpus_per_trial=0.0, cpus=2, gpus=0)
_STAGES = {"proposing": "ask", "pruning": "report", "telling": "end"}


@dataclass
class Cost:
    """CPU milliseconds of the driver for each of ``trials``, by what it did."""

    trials: int
    before: int
    by_stage: dict[str, float] = field(default_factory=dict)


@contextmanager
def opened(paths: SweepPaths, trials: int, sampler: str, pruner: str) -> Iterator[Ledger]:
    """The ledger, with these parts; all that there was comes first, as in every session."""
    values = sweep_config(SPACE, trials=trials).to_json()
    values |= {"sampler": {"name": sampler, "seed": 0}, "pruner": {"name": pruner}}
    values["name"] = paths.root.name
    config = SweepConfig.model_validate(values)
    with open_ledger(paths, admit(config, paths, "scale.yaml").manifest, config) as ledger:
        yield ledger


def replay(ledger: Ledger, trials: int) -> None:
    """Have ``trials`` more trials, two at a time."""
    conductor = Conductor(ledger, _SLOTS)
    ledger.begin_session()
    left, running = trials, list[tuple[Trial, Iterator[EpochReport]]]()
    while left or running:
        while left and len(running) < _SLOTS.concurrent:
            trial = conductor.next_trial()
            assert isinstance(trial, Trial), trial
            running.append((trial, _curve(trial.number, trial.params)))
            left -= 1
        running = [(t, rest) for t, rest in running if _step(conductor, t, rest)]
    ledger.end_session("stopped")


def window(ledger: Ledger, trials: int) -> Cost:
    """What ``trials`` more trials cost after those that there are."""
    before, spent = len(ledger.history), dict.fromkeys(_STAGES, 0.0)
    with _metered(spent):
        began = time.thread_time()
        replay(ledger, trials)
        everything = time.thread_time() - began
    spent["ledger"] = everything - sum(spent.values())
    return Cost(trials, before, {stage: 1e3 * s / trials for stage, s in spent.items()})


@contextmanager
def _metered(spent: dict[str, float]) -> Iterator[None]:
    """Add up what the study's methods take."""
    plain = {stage: getattr(SweepStudy, name) for stage, name in _STAGES.items()}

    def timed(stage: str) -> Any:
        def method(*args: Any, **options: Any) -> Any:
            began = time.thread_time()
            try:
                return plain[stage](*args, **options)
            finally:
                spent[stage] += time.thread_time() - began

        return method

    for stage, name in _STAGES.items():
        setattr(SweepStudy, name, timed(stage))
    try:
        yield
    finally:
        for stage, name in _STAGES.items():
            setattr(SweepStudy, name, plain[stage])


def _step(conductor: Conductor, trial: Trial, rest: Iterator[EpochReport]) -> bool:
    """One report of the trial, or its end; whether it goes on."""
    stop = trial.directory / "stop.json"
    report = None if stop.exists() else next(rest, None)
    if report is not None:
        conductor.on_report(trial.number, report)
        return True
    diverged = float(trial.params["lr"]) > 1.5e-2
    state = TrialState.DIVERGED if diverged else TrialState.COMPLETE
    state = TrialState.PRUNED if stop.exists() else state
    conductor.on_outcome(trial.number, Outcome(state, "as recorded"))
    return False


def _curve(number: int, params: dict[str, ParamValue]) -> Iterator[EpochReport]:
    """A learning curve that is best at lr 2e-3 and batch 8; it ends after an epoch above 1.5e-2."""
    draw = random.Random(number)
    lr, batch = float(params["lr"]), float(params["batch_size"])
    final = 10 - 2 * math.log10(lr / 2e-3) ** 2 - 0.3 * (math.log2(batch) - 3) ** 2
    for epoch in range(1, 2 if lr > 1.5e-2 else EPOCHS + 1):
        value = final * (1 - math.exp(-0.3 * epoch)) + draw.gauss(0, 0.05)
        metrics = {"val_si_sdr": value, "train_loss": -value - 0.3, "val_loss": -value, "lr": lr}
        yield EpochReport(epoch, metrics, time.time(), {5 * epoch + i: -value for i in range(3)})
