"""Trainings with a known cause: what was done to each, and what that must be called."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import isotonic_regression

from benchmarks.diagnosis.problems import FAMILIES, Problem, draw_problem
from benchmarks.diagnosis.training import Plan, train
from sweeper.records import EpochReport

__all__ = ["CAUSES", "SURVIVED", "Cause", "Curve", "make_curves"]

_GRID = tuple(10 ** (e / 2) for e in range(-8, 0))
_SHORT, _LONG = 150, 900  # steps: to choose the learning rate, and of the reference
_PIECE = 10  # steps between two values of the reference
_MANY = 2048  # validation examples of the reference
_OVERCOME = 1 / 3  # of the tuned training's way
_HALVED = 3  # times at most, a learning rate
_JUMP = 0.15  # of its way: more up than this within it, and its learning rate is too high
_GOES_ON = 0.1  # what twice the epochs bring, as a share of what there was: still improving
_PLAINLY, _HARDLY = 0.4, 0.05  # the same: a clear case of it, and of convergence

SURVIVED = frozenset({"divergence", "still_improving", "convergence", "saturated_early"})
"""Accepted where a learning rate that is too high still brought the training a third of the way."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What is done to a training, the finding that it is to have, and which cases are clear."""

    name: str
    finding: str
    clear: str


CAUSES = (
    Cause("lr 1/10,000 to 1/3,000 of a good one", "no_learning", "all"),
    Cause("lr 300 to 3,000 times a good one", "divergence", "all that did not learn in spite"),
    Cause("16 to 48 noisy examples, 4 times the width", "overfitting", "up to 32 examples"),
    Cause("cut where twice the epochs bring 30% to 60% more", "still_improving", "40% and more"),
    Cause("well tuned, 1.6 to 2 times the epochs needed", "convergence", "twice bring 5% at most"),
    Cause(
        "a schedule that has ended after 18% to 25% of the epochs", "saturated_early", "up to 21%"
    ),
)


@dataclass(frozen=True, slots=True)
class Curve:
    """One training: its cause (index in `CAUSES`), its problem, and what it reported.

    Attributes:
        epochs: how many it was to have; fewer reports mean that the loss left the numbers.
        clear: far from where the cause would show another pattern.
        accepted: the findings that are right.
    """

    seed: int
    cause: int
    family: str
    epochs: int
    reports: tuple[EpochReport, ...]
    clear: bool
    accepted: frozenset[str]

    @property
    def finite(self) -> bool:
        return len(self.reports) == self.epochs


def make_curves(seed: int) -> list[Curve]:
    """Train the problem of this seed in the way of each cause; none where it cannot be learned."""
    family = list(FAMILIES)[seed % len(FAMILIES)]
    problem = draw_problem(family, seed)
    good = 0.5 * _best_lr(problem, seed)  # not at the edge of what is stable
    lr, way, spread = _steady(problem, good, seed)
    if way[0] - way[-1] < spread:
        return []  # not even tuned and long trainings learn this problem
    curves = []
    for number, cause in enumerate(CAUSES):
        rng = np.random.default_rng([seed, number])
        plan, clear = _plan(cause.finding, good, lr, way, seed, rng)
        reports = tuple(train(problem, plan))
        accepted, clear = _judged(problem, plan, cause.finding, reports, way, clear)
        curves.append(Curve(seed, number, family, plan.epochs, reports, clear, accepted))
    return curves


def _judged(
    problem: Problem,
    plan: Plan,
    finding: str,
    reports: tuple[EpochReport, ...],
    way: np.ndarray,
    clear: bool,
) -> tuple[frozenset[str], bool]:
    """The findings that are right, by what this training comes to, and whether it is clear."""
    if finding == "divergence" and _overcame(reports, plan, way):
        return SURVIVED, False
    if finding not in ("still_improving", "convergence") or plan.decay is not None:
        return frozenset({finding}), clear  # a schedule that has ended ends the learning
    more = _more(problem, plan)
    goes_on = more >= _GOES_ON
    plain = more >= _PLAINLY if finding == "still_improving" else more <= _HARDLY
    return frozenset({"still_improving" if goes_on else "convergence"}), plain


def _plan(
    finding: str, good: float, lr: float, way: np.ndarray, seed: int, draw: np.random.Generator
) -> tuple[Plan, bool]:
    """The training, and whether what was drawn makes it a clear case.

    Args:
        good: learning rate that the far too low and far too high ones are multiples of.
        lr: of the others, a steady one.
        way: `_way` of the training with it.
    """
    needed = int(draw.integers(8, 17))  # epochs
    steps = max(1, round(_left(way, 0.1) / needed))
    usual = Plan(lr, round(1.5 * needed), steps, seed)
    match finding:
        case "no_learning":
            return replace(usual, lr=good * 10 ** draw.uniform(-4, -3.5)), True
        case "divergence":
            return replace(usual, lr=good * 10 ** draw.uniform(2.5, 3.5)), True
        case "overfitting":
            few = int(draw.integers(16, 49))
            return replace(usual, epochs=3 * needed, examples=few, width=4, noise=2.0), few <= 32
        case "still_improving":
            epochs, more = int(draw.integers(6, 17)), draw.uniform(0.3, 0.6)
            steps = max(1, round(_cut(way, more) / epochs))
            return replace(usual, epochs=epochs, steps=steps), True
        case "convergence":
            epochs = round(draw.uniform(1.6, 2.0) * needed)
            decay = epochs if draw.random() < 0.5 else None
            return replace(usual, epochs=epochs, decay=decay), True
        case _:
            decay = round(0.9 * needed)  # of epochs with twice the steps
            epochs = round(draw.uniform(4.0, 5.5) * decay)
            plan = replace(usual, epochs=epochs, steps=2 * steps, decay=decay)
            return plan, decay / epochs <= 0.21


def _overcame(reports: tuple[EpochReport, ...], plan: Plan, way: np.ndarray) -> bool:
    """It ends, by its last three epochs, a third of the tuned training's way down."""
    if len(reports) < plan.epochs:
        return False
    end = np.median([report.metrics["val_loss"] for report in reports[-3:]])
    return bool(end < way[0] - _OVERCOME * (way[0] - way[-1]))


def _best_lr(problem: Problem, seed: int) -> float:
    """The best of a grid after `_SHORT` steps, by the worse of two other trainings."""

    def worse(lr: float) -> float:
        others = (seed + 5_000, seed + 5_500)
        return max(_end(problem, Plan(lr, 3, _SHORT // 3, other)) for other in others)

    return min(_GRID, key=worse)


def _end(problem: Problem, plan: Plan) -> float:
    losses = [report.metrics["val_loss"] for report in train(problem, plan)]
    return losses[-1] if len(losses) == plan.epochs else float("inf")


def _steady(problem: Problem, lr: float, seed: int) -> tuple[float, np.ndarray, float]:
    """A learning rate at which this very training does not jump up on its way, from ``lr`` down.

    And its `_way`. What is best for a short training can be too high for a long one.
    """
    for halved in range(_HALVED + 1):
        tried = lr / 2**halved
        way, spread, jump = _way(problem, tried, seed)
        if jump <= _JUMP * (way[0] - way[-1]):
            break
    return tried, way, spread


def _way(problem: Problem, lr: float, seed: int) -> tuple[np.ndarray, float, float]:
    """What this very training comes to: its loss every `_PIECE` steps, if it goes on for long.

    On many more examples than its curves show, and made to fall only. Then the standard deviation
    of a single step's training loss at its end, and how far the loss went up again at most.
    """
    reports = list(train(problem, Plan(lr, _LONG // _PIECE, _PIECE, seed, valid=_MANY)))
    losses = np.array([report.metrics["val_loss"] for report in reports])
    steps = [loss for report in reports[-30:] for loss in report.steps.values()]
    jump = float((losses - np.minimum.accumulate(losses)).max())
    # not a running minimum: that of a noisy plateau goes on falling
    return isotonic_regression(losses, increasing=False).x, float(np.std(steps)), jump


def _more(problem: Problem, plan: Plan) -> float:
    """What twice the epochs bring this very training, as a share of what its epochs brought."""
    longer = replace(plan, epochs=2 * plan.epochs, valid=_MANY)
    untrained = next(train(problem, replace(plan, lr=0.0, epochs=1, steps=1, valid=_MANY)))
    losses = [report.metrics["val_loss"] for report in (untrained, *train(problem, longer))]
    levels = isotonic_regression(losses, increasing=False).x
    end = levels[plan.epochs]
    return float((end - levels[-1]) / (levels[0] - end))


def _left(way: np.ndarray, share: float) -> float:
    """Steps until only this share of the way down is left."""
    low = way[-1] + share * (way[0] - way[-1])
    return float(_PIECE * (1 + int(np.argmax(way <= low))))


def _cut(way: np.ndarray, more: float) -> float:
    """Steps up to which twice as many still bring this much more, as a share of what there was."""
    half = len(way) // 2
    gained = way[0] - way
    brings = gained[1 : 2 * half : 2] - gained[:half] >= more * gained[:half]
    return float(_PIECE * (1 + int(np.flatnonzero(brings & (gained[:half] > 0))[-1])))
