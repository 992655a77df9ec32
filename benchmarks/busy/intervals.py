"""From the notes of the processes that trained to the share of their time that was training."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

__all__ = ["Busy", "Epoch", "busy", "lanes", "read"]


@dataclass(frozen=True, slots=True, order=True)
class Epoch:
    """One epoch, in seconds of one clock for all processes, and the objective after it."""

    began: float
    ended: float
    epoch: int
    process: str
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Busy:
    """How well the workers were used.

    Attributes:
        whole: share of worker time that was training, from the first epoch's begin to the last
            one's end: with the time in which not all workers had begun, or some had nothing left.
        steady: the same, from when all workers train for the first time until they last do.
        between_epochs: median seconds without training from an epoch to the trial's next.
        between_trials: the same from a trial's last epoch to the first one of the next.
        seconds: from the first begin to the last end.
    """

    whole: float
    steady: float
    between_epochs: float
    between_trials: float
    seconds: float


def read(folder: Path) -> list[Epoch]:
    """All epochs noted in ``folder`` by `benchmarks.overhead.trivial`, by their begin."""
    found = []
    for path in folder.glob("*.jsonl"):
        whole = path.read_text().rpartition("\n")[0]  # one may be writing the next line
        for note in map(json.loads, whole.splitlines()):
            times = note["began"], note["ended"]
            found.append(Epoch(*times, note["epoch"], path.stem, note["value"]))
    return sorted(found)


def busy(epochs: Sequence[Epoch], workers: int) -> Busy:
    """What ``workers`` at a time did.

    Raises:
        ValueError: more than that trained at once, or never so many.
    """
    began, ended = min(e.began for e in epochs), max(e.ended for e in epochs)
    first, last = _all_busy(epochs, workers)
    rows = lanes(epochs)
    within = [b.began - a.ended for row in rows for t in row for a, b in pairwise(t)]
    across = [b[0].began - a[-1].ended for row in rows for a, b in pairwise(row)]
    return Busy(
        _share(epochs, workers, began, ended),
        _share(epochs, workers, first, last),
        median(within),
        median(across),
        ended - began,
    )


def lanes(epochs: Iterable[Epoch]) -> list[list[list[Epoch]]]:
    """Trials in as few rows as they fit in, each in the row that has been free for longest.

    Workers that are started anew for each trial have rows as well.
    """
    rows: list[list[list[Epoch]]] = []
    free: list[tuple[float, int]] = []
    for trial in sorted(_trials(epochs)):
        if free and free[0][0] <= trial[0].began:
            row = heapq.heappop(free)[1]
        else:
            row = len(rows)
            rows.append([])
        rows[row].append(trial)
        heapq.heappush(free, (trial[-1].ended, row))
    return rows


def _trials(epochs: Iterable[Epoch]) -> list[list[Epoch]]:
    """Epochs that one process trained in turn, each trial from its first epoch."""
    trials: dict[str, list[list[Epoch]]] = {}
    for epoch in sorted(epochs):
        of_process = trials.setdefault(epoch.process, [])
        if epoch.epoch == 1 or not of_process:
            of_process.append([])
        of_process[-1].append(epoch)
    return [trial for of_process in trials.values() for trial in of_process]


def _share(epochs: Iterable[Epoch], workers: int, first: float, last: float) -> float:
    trained = sum(max(0.0, min(e.ended, last) - max(e.began, first)) for e in epochs)
    return trained / (workers * (last - first))


def _all_busy(epochs: Iterable[Epoch], workers: int) -> tuple[float, float]:
    """When all workers trained for the first time, and until when for the last."""
    changes = sorted(c for e in epochs for c in ((e.began, 1), (e.ended, -1)))
    running, spans = 0, []
    for (time, change), (later, _) in pairwise(changes):
        running += change
        if running > workers:
            raise ValueError(f"{running} trained at once, with {workers} workers")
        if running == workers:
            spans.append((time, later))
    if not spans:
        raise ValueError(f"never did {workers} train at once")
    return spans[0][0], spans[-1][1]
