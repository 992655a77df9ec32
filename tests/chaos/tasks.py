"""A training in which each epoch needs the one before, with faults on demand.

Whatever is lost, trained from a wrong state or mixed up between trials shows in its numbers, and
`truth` says what they must be. Each epoch that a process begins to train is noted in a file.
"""

from __future__ import annotations

import json
import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sweeper.records import EpochReport, Trial

NOTES = "CHAOS_EPOCHS"
_STEPS = 3


def walk(trial: Trial, /) -> Iterator[EpochReport]:
    """Trains on from its checkpoint; ``model`` in the YAML says what goes wrong, and where."""
    plan = trial.config["model"]
    kept = trial.directory / "walk.ckpt"
    states = json.loads(kept.read_text()) if kept.exists() else []
    for epoch in range(trial.reported + 1, len(states) + 1):
        yield _report(trial, epoch, states[epoch - 1])
    for epoch in range(len(states) + 1, trial.epochs + 1):
        note(trial.number, epoch)
        time.sleep(plan["seconds"])
        states.append(_step(trial.params, trial.seed, states))
        report = _report(trial, epoch, states[-1])
        fault, at = plan["faults"].get(str(trial.number), ("nothing", 0))
        if epoch == at:
            report = FAULTS[fault](trial, report)
        temporary = kept.with_suffix(".new")
        temporary.write_text(json.dumps(states))
        temporary.replace(kept)
        yield report


def truth(params: Mapping[str, Any], seed: int, epochs: int) -> list[dict[str, float]]:
    """The metrics of each epoch of an untroubled training."""
    states: list[float] = []
    for _ in range(epochs):
        states.append(_step(params, seed, states))
    return [_metrics(params, epoch, state) for epoch, state in enumerate(states, start=1)]


def _step(params: Mapping[str, Any], seed: int, states: list[float]) -> float:
    last = states[-1] if states else seed / 2**32
    return math.sin(3.0 * last + math.log(float(params["lr"])) + float(params["batch_size"]))


def _metrics(params: Mapping[str, Any], epoch: int, state: float) -> dict[str, float]:
    best = 1e-2 * math.sqrt(float(params["batch_size"]) / 16)
    distance = math.log10(float(params["lr"]) / best)
    score = (10 - 4 * distance**2) * (1 - 0.7**epoch) + 0.1 * state
    return {"score": score, "train_loss": -score, "state": state}


def _report(trial: Trial, epoch: int, state: float) -> EpochReport:
    metrics = _metrics(trial.params, epoch, state)
    steps = {_STEPS * (epoch - 1) + k: state / k for k in range(1, _STEPS + 1)}
    return EpochReport(epoch, metrics, time.time(), steps)


def note(number: int, epoch: int) -> None:
    """Write down that this process begins to train an epoch."""
    line = f"{number} {epoch} {os.getpid()}\n"
    file = os.open(os.environ[NOTES], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line.encode())
    os.close(file)


def _nothing(trial: Trial, report: EpochReport) -> EpochReport:
    return report


def _nan(trial: Trial, report: EpochReport) -> EpochReport:
    return EpochReport(report.epoch, {**report.metrics, "train_loss": math.nan}, report.time)


def _memory_error(trial: Trial, report: EpochReport) -> EpochReport:
    raise MemoryError("cannot have another byte")


def _out_of_gpu_memory(trial: Trial, report: EpochReport) -> EpochReport:
    import torch

    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


class _Unpicklable(Exception):
    def __init__(self) -> None:
        super().__init__("it holds a lock")
        self.lock = threading.Lock()


def _unpicklable(trial: Trial, report: EpochReport) -> EpochReport:
    raise _Unpicklable


def _exit_once(trial: Trial, report: EpochReport) -> EpochReport:
    mark = trial.directory / "left"
    if mark.exists():
        return report
    mark.touch()
    os._exit(7)


def _exit_always(trial: Trial, report: EpochReport) -> EpochReport:
    os._exit(7)


def _hang(trial: Trial, report: EpochReport) -> EpochReport:
    time.sleep(3600)
    return report


FAULTS: Mapping[str, Callable[[Trial, EpochReport], EpochReport]] = {
    "nothing": _nothing,
    "nan": _nan,
    "memory_error": _memory_error,
    "out_of_gpu_memory": _out_of_gpu_memory,
    "unpicklable": _unpicklable,
    "exit_once": _exit_once,
    "exit_always": _exit_always,
    "hang": _hang,
}

SPACE = """
name: toy
experiment: chaos
task: chaos.tasks:walk
model: {{seconds: {seconds}, faults: {faults}}}
training: {{epochs: {epochs}}}
search_space:
  lr: {{type: float, low: 1.0e-4, high: 1.0e-1, log: true}}
  batch_size: {{type: categorical, choices: [2, 4, 8, 16]}}
objective: {{metric: score, direction: maximize}}
sampler: {{name: tpe, n_startup_trials: 3}}
pruner: {{name: {pruner}}}
budget: {{trials: {trials}}}
resources: {{concurrent: {concurrent}, max_retries: 3}}
"""


def write_space(
    folder: Path,
    *,
    trials: int = 6,
    epochs: int = 4,
    concurrent: int = 2,
    pruner: str = "median, n_startup_trials: 2, n_warmup_epochs: 1",
    seconds: float = 0.1,
    faults: Mapping[int, tuple[str, int]] = MappingProxyType({}),
) -> Path:
    """A search space for `walk`; ``faults`` says which trial has which one, in which epoch."""
    path = folder / "toy.yaml"
    values = {
        "trials": trials,
        "epochs": epochs,
        "concurrent": concurrent,
        "pruner": pruner,
        "seconds": seconds,
        "faults": json.dumps({str(number): fault for number, fault in faults.items()}),
    }
    path.write_text(SPACE.format(**values), encoding="utf-8")
    return path
