"""A task that costs nothing, for tests of everything around the training."""

from __future__ import annotations

import ctypes
import json
import math
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sweeper.errors import Diverged
from sweeper.records import EpochReport, Trial

SPACE = """
name: toy
experiment: toys
task: {task}
training: {{epochs: {epochs}}}
search_space:
  lr: {{type: float, low: 1.0e-4, high: 1.0e-1, log: true}}
  batch_size: {{type: categorical, choices: [2, 4, 8, 16]}}
objective: {{metric: score, direction: maximize}}
sampler: {{name: tpe, n_startup_trials: 4}}
pruner: {{name: median, n_startup_trials: 2, n_warmup_epochs: 1}}
budget: {{trials: {trials}}}
"""


def score(trial: Trial, epoch: int) -> float:
    """Best at lr = 1e-2 * sqrt(batch_size / 16); grows with the epochs."""
    best = 1e-2 * math.sqrt(float(trial.params["batch_size"]) / 16)
    distance = math.log10(float(trial.params["lr"]) / best)
    return (10 - 4 * distance**2) * (1 - 0.7**epoch)


def _reports(trial: Trial, seconds: float = 0.0) -> Iterator[EpochReport]:
    for epoch in range(trial.reported + 1, trial.epochs + 1):
        time.sleep(seconds)
        value = score(trial, epoch)
        metrics = {"score": value, "train_loss": -value}
        yield EpochReport(epoch, metrics, time.time(), {epoch: -value})


def valley(trial: Trial, /) -> Iterator[EpochReport]:
    """Trains at once."""
    yield from _reports(trial)


def noisy(trial: Trial, /, seconds: float = 0.0) -> Iterator[EpochReport]:
    """Each seed has a score of its own: half a point more or less."""
    luck = random.Random(trial.seed).gauss(0.0, 0.5)
    for report in _reports(trial, seconds):
        score = report.metrics["score"] + luck
        yield replace(report, metrics={"score": score, "train_loss": -score})


def slow_and_noisy(trial: Trial, /) -> Iterator[EpochReport]:
    """Takes a tenth of a second for an epoch, too."""
    yield from noisy(trial, 0.1)


def slow(trial: Trial, /) -> Iterator[EpochReport]:
    """Takes a tenth of a second for an epoch."""
    yield from _reports(trial, 0.1)


def gated(trial: Trial, /) -> Iterator[EpochReport]:
    """Waits in its second epoch until there is a file ``go`` in the working folder."""
    for report in _reports(trial):
        while report.epoch == 2 and not Path("go").exists():
            time.sleep(0.05)
        yield report


def remembers(trial: Trial, /) -> Iterator[EpochReport]:
    """Goes on from a file of its own; trial 1 loses its worker in its third epoch, once."""
    checkpoint = trial.directory / "last.ckpt"
    began_after = int(checkpoint.read_text()) if checkpoint.exists() else 0
    for report in _reports(replace(trial, reported=began_after)):
        if trial.number == 1 and report.epoch == 3 and not Path("died").exists():
            Path("died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        checkpoint.write_text(str(report.epoch))
        artifacts = trial.directory / "artifacts" / "inside"
        artifacts.mkdir(parents=True, exist_ok=True)
        (artifacts / "began_after.txt").write_text(str(began_after))
        yield report


def tells_again(trial: Trial, /) -> Iterator[EpochReport]:
    """Goes on from a file of its own, which may be ahead of what the ledger has."""
    checkpoint = trial.directory / "last.ckpt"
    mine = {**trial.params, "epoch": 0}
    trained = json.loads(checkpoint.read_text()) if checkpoint.exists() else mine
    assert trained == {**mine, "epoch": trained["epoch"]}, "that is another trial's checkpoint"
    for report in _reports(trial):
        if report.epoch > trained["epoch"]:
            time.sleep(0.2)
            checkpoint.write_text(json.dumps({**mine, "epoch": report.epoch}))
        yield report


def cliff(trial: Trial, /) -> Iterator[EpochReport]:
    """Diverges above lr = 0.02."""
    for report in _reports(trial):
        if trial.params["lr"] > 0.02:
            raise Diverged(f"loss is nan at epoch {report.epoch}")
        yield report


def dies_once(trial: Trial, /) -> Iterator[EpochReport]:
    """The worker of trial 1 is killed in its third epoch, the first time."""
    for report in _reports(trial):
        mark = trial.directory / "died"
        if trial.number == 1 and report.epoch == 3 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        yield report


def dies_always(trial: Trial, /) -> Iterator[EpochReport]:
    """The worker of trial 1 crashes every time, in C."""
    for report in _reports(trial):
        if trial.number == 1:
            ctypes.string_at(0)
        yield report


def hangs(trial: Trial, /) -> Iterator[EpochReport]:
    """Trial 1 hangs in its second epoch, in C and deaf to SIGTERM."""
    for report in _reports(trial):
        if trial.number == 1 and report.epoch == 2:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
            ctypes.PyDLL(None).sleep(3600)  # the interpreter stays locked meanwhile
        yield report


def breaks_once(trial: Trial, /) -> Iterator[EpochReport]:
    """The user's mistake, in trial 1 only; the others say which process trains them."""
    yield from _reports(trial)
    (trial.directory / "pid").write_text(str(os.getpid()))
    if trial.number == 1:
        Path("/no/such/file").read_text()


def trade(trial: Trial, /) -> Iterator[EpochReport]:
    """Larger batches are faster; an epoch's speed is its own. Diverges above lr = 0.03."""
    batch_size = float(trial.params["batch_size"])
    for report in _reports(trial):
        if trial.params["lr"] > 0.03:
            raise Diverged(f"loss is nan at epoch {report.epoch}")
        score = report.metrics["score"] - 0.3 * math.log2(batch_size)
        speed = 100 * batch_size**0.7 + report.epoch
        metrics = {"score": score, "speed": speed, "memory": batch_size}
        yield replace(report, metrics={**metrics, "train_loss": -score})


def breaks(trial: Trial, /) -> Iterator[EpochReport]:
    """The user's mistake, in every trial."""
    yield from _reports(trial)
    Path("/no/such/file").read_text()


def write_space(folder: Path, task: str, trials: int = 8, epochs: int = 4, more: str = "") -> Path:
    """A search space for one of the tasks here."""
    path = folder / "toy.yaml"
    text = SPACE.format(task=f"toy:{task}", trials=trials, epochs=epochs)
    path.write_text(text + more, encoding="utf-8")
    return path
