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
from sweeper.pruners._build import build as build_pruner
from sweeper.records import EpochReport, ParamValue, Trial, TrialState
from sweeper.samplers._build import build as build_sampler
from sweeper.sweep.admission import admit
from sweeper.trial import Outcome

__all__ = ["EPOCHS", "SPACE", "Cost", "Replay", "opened"]

EPOCHS = 12
SPACE: dict[str, Any] = {
    "lr": {"type": "float", "low": 1e-4, "high": 3e-2, "log": True},
    "batch_size": {"type": "categorical", "choices": [2, 4, 8, 16]},
    "training.weight_decay": {"type": "float", "low": 1e-6, "high": 1e-3, "log": True},
}
_SLOTS = Slots(concurrent=2, cpus_per_trial=1.0, gpus_per_trial=0.0, cpus=2, gpus=0)
_TOO_HIGH = 1.5e-2
_WARM = 4
_STAGES = {"proposing": "ask", "pruning": "report", "telling": "end"}


@dataclass
class Cost:
    """CPU milliseconds of the driver for each of ``trials``, by what it did."""

    trials: int
    before: int
    by_stage: dict[str, float] = field(default_factory=dict)


@contextmanager
def opened(paths: SweepPaths, trials: int) -> Iterator[Replay]:
    """The sweep, with TPE and hyperband; all that there was comes first, as in every session."""
    values = sweep_config(SPACE, trials=trials).to_json() | {"name": paths.root.name}
    config = SweepConfig.model_validate(values)
    with open_ledger(paths, admit(config, paths, "scale.yaml").manifest, config) as ledger:
        ledger.begin_session()
        yield Replay(ledger)
        ledger.end_session("stopped")


class Replay:
    """One session of a sweep whose workers are formulas."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._conductor = Conductor(ledger, _SLOTS)

    @contextmanager
    def using(self, sampler: str, pruner: str) -> Iterator[None]:
        """Have others propose and prune for a while, in the same study."""
        config, study = self.ledger.config, self.ledger._study._study
        before = study.sampler, study.pruner
        study.sampler = build_sampler(sampler, {}, config.search_space, 0)
        study.pruner = build_pruner(pruner, {}, config.epochs)
        yield
        study.sampler, study.pruner = before

    def run(self, trials: int) -> None:
        """Have ``trials`` more trials, two at a time."""
        left, running = trials, list[tuple[Trial, Iterator[EpochReport]]]()
        while left or running:
            while left and len(running) < _SLOTS.concurrent:
                trial = self._conductor.next_trial()
                assert isinstance(trial, Trial), trial
                running.append((trial, _curve(trial.number, trial.params)))
                left -= 1
            running = [(t, rest) for t, rest in running if self._step(t, rest)]

    def cost(self, trials: int) -> Cost:
        """What ``trials`` more trials cost after those that there are."""
        self.run(_WARM)  # what is read once for a session
        before, spent = len(self.ledger.history), dict.fromkeys(_STAGES, 0.0)
        with _metered(spent):
            began = time.thread_time()
            self.run(trials)
            everything = time.thread_time() - began
        spent["ledger"] = everything - sum(spent.values())
        return Cost(trials, before, {stage: 1e3 * s / trials for stage, s in spent.items()})

    def _step(self, trial: Trial, rest: Iterator[EpochReport]) -> bool:
        """One report of the trial, or its end; whether it goes on."""
        stop = trial.directory / "stop.json"
        report = None if stop.exists() else next(rest, None)
        if report is not None:
            self._conductor.on_report(trial.number, report)
            return True
        state = TrialState.DIVERGED if _diverges(trial) else TrialState.COMPLETE
        state = TrialState.PRUNED if stop.exists() else state
        self._conductor.on_outcome(trial.number, Outcome(state, "as recorded"))
        return False


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


def _diverges(trial: Trial) -> bool:
    return float(trial.params["lr"]) > _TOO_HIGH


def _curve(number: int, params: dict[str, ParamValue]) -> Iterator[EpochReport]:
    """A learning curve that is best at lr 2e-3 and batch 8; above 1.5e-2 there is one epoch."""
    draw = random.Random(number)
    lr, batch = float(params["lr"]), float(params["batch_size"])
    final = 10 - 2 * math.log10(lr / 2e-3) ** 2 - 0.3 * (math.log2(batch) - 3) ** 2
    for epoch in range(1, 2 if lr > _TOO_HIGH else EPOCHS + 1):
        value = final * (1 - math.exp(-0.3 * epoch)) + draw.gauss(0, 0.05)
        metrics = {"val_si_sdr": value, "train_loss": -value - 0.3, "val_loss": -value, "lr": lr}
        yield EpochReport(epoch, metrics, time.time(), {5 * epoch + i: -value for i in range(3)})
