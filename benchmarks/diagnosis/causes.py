"""Trainings with a known cause: what was done to each, and what that must be called."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.diagnosis.problems import FAMILIES, Problem, draw_problem
from benchmarks.diagnosis.training import Plan, train
from sweeper.records import EpochReport

__all__ = ["CAUSES", "Cause", "Curve", "make_curves"]

_GRID = tuple(10 ** (e / 2) for e in range(-8, 0))
_SHORT, _LONG = 150, 900  # steps: to choose the learning rate, and of the reference
_PIECE = 10  # steps between two values of the reference


@dataclass(frozen=True, slots=True)
class Cause:
    """What is done to a training, and the finding that it must have."""

    name: str
    finding: str


CAUSES = (
    Cause("lr 1/10,000 to 1/3,000 of a good one", "no_learning"),
    Cause("lr 300 to 3,000 times a good one", "divergence"),
    Cause("16 to 48 noisy examples, 4 times the width", "overfitting"),
    Cause("cut where 30% to 50% of the way was left", "still_improving"),
    Cause("well tuned, 1.3 to 1.6 times the epochs needed", "convergence"),
    Cause("a schedule that has ended after 1/5 of the epochs", "saturated_early"),
)


@dataclass(frozen=True, slots=True)
class Curve:
    """One training: its cause (index in `CAUSES`), its problem, and what it reported.

    Attributes:
        epochs: how many it was to have; fewer reports mean that the loss left the numbers.
    """

    seed: int
    cause: int
    family: str
    epochs: int
    reports: tuple[EpochReport, ...]

    @property
    def finite(self) -> bool:
        return len(self.reports) == self.epochs


def make_curves(seed: int) -> list[Curve]:
    """Train the problem of this seed in the way of each cause; none where it cannot be learned."""
    family = list(FAMILIES)[seed % len(FAMILIES)]
    problem = draw_problem(family, seed)
    lr = 0.5 * _best_lr(problem, seed)  # not at the edge of what is stable
    way, spread = _way(problem, lr, seed)
    if way[0] - way[-1] < spread:
        return []  # not even tuned and long trainings learn this problem
    curves = []
    for number, cause in enumerate(CAUSES):
        plan = _plan(cause.finding, lr, way, seed, np.random.default_rng([seed, number]))
        curves.append(Curve(seed, number, family, plan.epochs, tuple(train(problem, plan))))
    return curves


def _plan(finding: str, lr: float, way: np.ndarray, seed: int, draw: np.random.Generator) -> Plan:
    epochs_needed = int(draw.integers(8, 17))
    steps = max(1, round(_left(way, 0.05) / epochs_needed))
    usual = Plan(lr, round(1.5 * epochs_needed), steps, seed)
    match finding:
        case "no_learning":
            return replace(usual, lr=lr * 10 ** draw.uniform(-4, -3.5))
        case "divergence":
            return replace(usual, lr=lr * 10 ** draw.uniform(2.5, 3.5))
        case "overfitting":
            few = int(draw.integers(16, 49))
            return replace(usual, epochs=3 * epochs_needed, examples=few, width=4, noise=2.0)
        case "still_improving":
            epochs = int(draw.integers(6, 17))
            cut = _left(way, draw.uniform(0.3, 0.5))
            return replace(usual, epochs=epochs, steps=max(1, round(cut / epochs)))
        case "convergence":
            epochs = round(draw.uniform(1.3, 1.6) * epochs_needed)
            return replace(usual, epochs=epochs, decay=epochs if draw.random() < 0.5 else None)
        case _:
            epochs = round(draw.uniform(5, 7) * epochs_needed)
            return replace(usual, epochs=epochs, decay=round(1.3 * epochs_needed))


def _best_lr(problem: Problem, seed: int) -> float:
    """The best of a grid after `_SHORT` steps, by the worse of two other trainings."""

    def worse(lr: float) -> float:
        others = (seed + 5_000, seed + 5_500)
        return max(_end(problem, Plan(lr, 3, _SHORT // 3, other)) for other in others)

    return min(_GRID, key=worse)


def _end(problem: Problem, plan: Plan) -> float:
    losses = [report.metrics["val_loss"] for report in train(problem, plan)]
    return losses[-1] if len(losses) == plan.epochs else float("inf")


def _way(problem: Problem, lr: float, seed: int) -> tuple[np.ndarray, float]:
    """Validation loss every `_PIECE` steps of long trainings: the mean of two, only falling.

    And the standard deviation of a single step's training loss, in the last of them.
    """
    runs = []
    for other in (6_000, 7_000):
        plan = Plan(lr, _LONG // _PIECE, _PIECE, seed + other)
        reports = list(train(problem, plan))
        runs.append([report.metrics["val_loss"] for report in reports])
    length = min(map(len, runs))
    mean = np.mean([run[:length] for run in runs], axis=0)
    smooth = np.convolve(np.pad(mean, 3, mode="edge"), np.ones(7) / 7, mode="valid")
    steps = [loss for report in reports[-30:] for loss in report.steps.values()]
    return np.minimum.accumulate(smooth), float(np.std(steps))


def _left(way: np.ndarray, share: float) -> float:
    """Steps until only this share of the way down is left."""
    low = way[-1] + share * (way[0] - way[-1])
    return float(_PIECE * (1 + int(np.argmax(way <= low))))
