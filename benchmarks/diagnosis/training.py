"""The training that makes the curves: plain, short, with what each epoch reports."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from benchmarks.diagnosis.problems import Problem
from sweeper.records import EpochReport

__all__ = ["Plan", "train"]

_LOGGED = 10  # steps of an epoch, as sweeper's own task does
_LIMIT = 1e30  # a loss beyond this is on its way out of the numbers


@dataclass(frozen=True, slots=True)
class Plan:
    """One training.

    Attributes:
        steps: optimizer steps of an epoch.
        examples: size of the training set; None draws new examples for every step.
        noise: how noisy the training and validation examples are, 1 for as the problem is.
        decay: epochs over which the learning rate falls to 1/100 along a half cosine; None: it
            stays.
        seed: of weights and examples.
        valid: examples of the validation set.
    """

    lr: float
    epochs: int
    steps: int
    seed: int
    examples: int | None = None
    width: int = 1
    noise: float = 1.0
    decay: int | None = None
    valid: int = 256


def train(problem: Problem, plan: Plan) -> Iterator[EpochReport]:
    """Each epoch's report; they end early where the loss leaves the numbers.

    ``train_loss`` is the mean over the epoch's steps, ``val_loss`` is on fixed examples.
    """
    torch.manual_seed(plan.seed)
    model = problem.model(plan.width)
    others = torch.Generator().manual_seed(10_000 * plan.valid + plan.seed)
    valid = problem.sample(plan.valid, others, plan.noise)
    batches = _batches(problem, plan)
    optimizer = _optimizer(problem, model, plan.lr)
    for epoch in range(1, plan.epochs + 1):
        losses = []
        for step in range(plan.steps):
            optimizer.param_groups[0]["lr"] = _lr(plan, epoch - 1 + step / plan.steps)
            losses.append(_step(problem, model, optimizer, *next(batches)))
            if not abs(losses[-1]) < _LIMIT:
                return
        with torch.no_grad():
            val_loss = float(problem.loss(model(valid[0]), valid[1]))
        if not abs(val_loss) < _LIMIT:
            return
        metrics = {"train_loss": sum(losses) / len(losses), "val_loss": val_loss}
        yield EpochReport(epoch, metrics, 1e9 + epoch, _logged(losses, (epoch - 1) * plan.steps))


def _lr(plan: Plan, epoch: float) -> float:
    if plan.decay is None:
        return plan.lr
    done = min(1.0, epoch / plan.decay)
    return plan.lr * max(0.01, 0.5 * (1 + math.cos(math.pi * done)))


def _batches(problem: Problem, plan: Plan) -> Iterator[tuple[Tensor, Tensor]]:
    rng = torch.Generator().manual_seed(plan.seed)
    if plan.examples is None:
        while True:
            yield problem.sample(problem.batch_size, rng, plan.noise)
    x, y = problem.sample(plan.examples, rng, plan.noise)
    while True:
        order = torch.randperm(plan.examples, generator=rng)
        for part in order.split(problem.batch_size):
            yield x[part], y[part]


def _optimizer(problem: Problem, model: nn.Module, lr: float) -> torch.optim.Optimizer:
    if problem.optimizer == "sgd":
        return torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    return torch.optim.Adam(model.parameters(), lr=lr)


def _step(
    problem: Problem, model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor
) -> float:
    optimizer.zero_grad(set_to_none=True)
    loss = problem.loss(model(x), y)
    loss.backward()
    if problem.clip is not None:
        nn.utils.clip_grad_norm_(model.parameters(), problem.clip)
    optimizer.step()
    return float(loss.detach())


def _logged(losses: list[float], before: int) -> dict[int, float]:
    points = min(_LOGGED, len(losses))
    chosen = [k * len(losses) // points - 1 for k in range(1, points + 1)]
    if before == 0 and points > 1:
        chosen[0] = 0
    return {before + i + 1: losses[i] for i in chosen}
