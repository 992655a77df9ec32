"""Recorded learning curves, to be trained again without training; needs Python alone."""

from __future__ import annotations

import json
import math
import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

__all__ = ["DEFAULT", "Cell", "Recording", "load"]

_DRAWN = 4000  # random configurations
DEFAULT = Path.home() / ".cache" / "sweeper-benchmarks" / "target" / "dprnn.jsonl"


@dataclass(frozen=True)
class Cell:
    """One training.

    Attributes:
        values: the objective after each epoch.
        seconds: what each epoch took.
    """

    lr: float
    batch_size: int
    seed: int
    values: Sequence[float]
    seconds: Sequence[float]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, line: str) -> Cell:
        return cls(**json.loads(line))


@dataclass(frozen=True)
class Recording:
    """Trainings over a grid of learning rates and batch sizes, each with every seed."""

    cells: Sequence[Cell]

    @cached_property
    def _seeds(self) -> list[int]:
        return sorted({cell.seed for cell in self.cells})

    @cached_property
    def _rows(self) -> dict[tuple[int, int], list[Cell]]:
        rows: dict[tuple[int, int], list[Cell]] = {}
        for cell in sorted(self.cells, key=lambda cell: cell.lr):
            rows.setdefault((cell.seed, cell.batch_size), []).append(cell)
        return rows

    def epoch(self, lr: float, batch_size: int, epoch: int) -> tuple[float, float]:
        """Objective after an epoch (from 1), and its seconds, of the training with these.

        Between two recorded learning rates both lie on the line between theirs, over log(lr). The
        seed follows from ``lr``, so that a configuration gives the same each time.
        """
        low, high, part = self._between(lr, batch_size)
        value = low.values[epoch - 1] * (1 - part) + high.values[epoch - 1] * part
        seconds = low.seconds[epoch - 1] * (1 - part) + high.seconds[epoch - 1] * part
        return value, seconds

    def reached_by(self, share: float) -> float:
        """The objective that this share of random configurations reaches, trained to the end."""
        rng = random.Random(0)
        rates = [cell.lr for cell in self.cells]
        batch_sizes = sorted({cell.batch_size for cell in self.cells})
        epochs = range(1, len(self.cells[0].values) + 1)
        best = []
        for _ in range(_DRAWN):
            lr = math.exp(rng.uniform(math.log(min(rates)), math.log(max(rates))))
            batch_size = rng.choice(batch_sizes)
            best.append(max(self.epoch(lr, batch_size, epoch)[0] for epoch in epochs))
        return sorted(best)[-round(share * _DRAWN)]

    def _between(self, lr: float, batch_size: int) -> tuple[Cell, Cell, float]:
        seed = self._seeds[int(1e9 * abs(math.log(lr))) % len(self._seeds)]
        row = self._rows[seed, batch_size]
        at = bisect_right([cell.lr for cell in row], lr) - 1
        at = min(max(at, 0), len(row) - 2)
        low, high = row[at], row[at + 1]
        part = math.log(lr / low.lr) / math.log(high.lr / low.lr)
        return low, high, min(max(part, 0.0), 1.0)


@cache
def load(path: Path) -> Recording:
    """What `benchmarks.target.record` has written."""
    return Recording([Cell.from_json(line) for line in path.read_text().splitlines()])
