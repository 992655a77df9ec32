"""The training loop: restore, then epoch by epoch train, validate, checkpoint, yield."""

from __future__ import annotations

import dataclasses
import logging
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sweeper.errors import DeadlineReached, Diverged
from sweeper.records import Direction, EpochReport, best_report
from sweeper.training.accumulation import Accumulation
from sweeper.training.checkpoint import Checkpoint, Checkpoints
from sweeper.training.feed import feed
from sweeper.training.hardware import Precision, peak_memory_bytes, reset_peak_memory
from sweeper.training.optimizers import warmed_up
from sweeper.training.randomness import seed_everything

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch.optim import Optimizer

    from sweeper.data.augmentation import AugmentedBatches
    from sweeper.data.batches import Batches
    from sweeper.schedules._schedule import Schedule
    from sweeper.training.averaging import WeightAverage
    from sweeper.training.options import TrainingOptions
    from sweeper.training.validation import Validation

__all__ = ["Parts", "train", "train_step"]

log = logging.getLogger("sweeper.training")


@dataclass(frozen=True, kw_only=True)
class Parts:
    """All that one training works with; model and optimizer change as it goes on.

    Attributes:
        average: of the model's weights; where there is one, it is what is validated and kept.
        accumulation: how many segments of a batch are worked on at once.
        epochs: how many a full training has.
        metric, direction: the objective, which tells what the best epoch is.
        seed: of every random number, together with the epoch's number.
        on_best: called after each epoch that is the best so far, before its checkpoint.
        on_end: called before the checkpoint of the last epoch, also of an early stop; what it
            measures goes into that epoch's report.
        deadline: end by then (seconds since 1970), None for no limit.
    """

    model: nn.Module
    loss: nn.Module
    optimizer: Optimizer
    schedule: Schedule
    batches: Batches | AugmentedBatches
    validation: Validation
    checkpoints: Checkpoints
    options: TrainingOptions
    precision: Precision
    device: torch.device
    epochs: int
    metric: str
    direction: Direction
    seed: int
    on_best: Callable[[EpochReport], None]
    on_end: Callable[[], Mapping[str, float]] = dict
    deadline: float | None = None
    average: WeightAverage | None = None
    accumulation: Accumulation = field(default_factory=Accumulation)

    @property
    def judged(self) -> nn.Module:
        """The network that is validated and kept."""
        return self.average.model if self.average else self.model


def train(parts: Parts, /, *, reported: int = 0) -> Iterator[EpochReport]:
    """Train, or continue, and report each epoch after ``reported``.

    When an epoch is yielded, all that is needed to continue after it is on disk. On a CPU a
    continued training gives bit for bit the numbers of an uninterrupted one.

    Raises:
        Diverged: the loss, its gradient or a validation metric is not finite.
        DeadlineReached: the time is up; the epoch begun is lost.
        torch.OutOfMemoryError, MemoryError, OSError: as they come.
    """
    reset_peak_memory(parts.device)
    history, step = _restore(parts)
    yield from (report for report in history if report.epoch > reported)
    finished = _finished(parts, history)
    while not finished:
        epoch = len(history) + 1
        seed_everything(parts.seed, epoch)
        trained = _train_epoch(parts, epoch, step)
        history.append(_validate(parts, epoch, trained))
        step += len(trained.losses)
        finished = _finished(parts, history)
        _keep(parts, history, step, finished)
        _tell(parts, history[-1])
        yield history[-1]


def _restore(parts: Parts) -> tuple[list[EpochReport], int]:
    """Put the last checkpoint into the parts; its reports and the optimizer steps so far."""
    if (found := parts.checkpoints.load()) is None:
        log.info("starting from epoch 1")
        return [], 0
    parts.model.load_state_dict(found.model)
    parts.optimizer.load_state_dict(found.optimizer)
    parts.schedule.load_state_dict(found.schedule)
    if parts.average:
        parts.average.load_state_dict(found.average)
    log.info("continuing after epoch %d (step %d)", found.epoch, found.step)
    return list(found.reports), found.step


def _finished(parts: Parts, history: Sequence[EpochReport]) -> bool:
    if len(history) >= parts.epochs:
        return True
    patience = parts.options.early_stop
    best = best_report(history, parts.metric, parts.direction)
    if patience is None or best is None or len(history) - best.epoch < patience:
        return False
    log.info("early stop: no new best %s in %d epochs", parts.metric, patience)
    return True


@dataclass(frozen=True, slots=True)
class _Trained:
    """What the training half of an epoch gave.

    Attributes:
        losses: of each optimizer step.
        first_step: global number of the first one, from 1.
        loss: mean over the training segments.
        samples_per_second: training segments per second of wall-clock time.
        lr: learning rate of the epoch.
    """

    losses: list[float]
    first_step: int
    loss: float
    samples_per_second: float
    lr: float


def _train_epoch(parts: Parts, epoch: int, step: int) -> _Trained:
    parts.model.train()
    started, total, samples = time.perf_counter(), 0.0, 0
    losses: list[float] = []
    lr = _lr(parts)
    for noisy, clean in feed(parts.batches.epoch(epoch), parts.device):
        _check_time(parts)
        losses.append(train_step(parts, noisy, clean, epoch, step + len(losses) + 1))
        total += losses[-1] * len(noisy)
        samples += len(noisy)
    seconds = time.perf_counter() - started
    return _Trained(losses, step + 1, total / samples, samples / seconds, lr)


def train_step(parts: Parts, noisy: Tensor, clean: Tensor, epoch: int, step: int) -> float:
    """One optimizer step; the loss before it.

    Raises:
        Diverged: it, or its gradient, is not finite.
    """
    loss = parts.accumulation.backward(
        noisy, clean, lambda n, c: parts.loss(parts.precision(parts.model, n), c), parts.optimizer
    )
    norm = nn.utils.clip_grad_norm_(
        parts.model.parameters(), parts.options.gradient_clip or math.inf
    )
    value, norm_value = torch.stack((loss, norm)).tolist()  # waits for the GPU only once
    _check_finite(parts, epoch, step, {"train loss": value, "gradient norm": norm_value})
    with warmed_up(parts.optimizer, step, parts.options.warmup_steps):
        parts.optimizer.step()
    if parts.average:
        parts.average.update(parts.model)
    return float(value)


def _validate(parts: Parts, epoch: int, trained: _Trained) -> EpochReport:
    measured = parts.validation.measure(
        parts.judged,
        parts.loss,
        precision=parts.precision,
        device=parts.device,
        between=lambda: _check_time(parts),
    )
    last_step = trained.first_step + len(trained.losses) - 1
    _check_finite(parts, epoch, last_step, measured)
    parts.schedule.step(measured["val_loss"])
    metrics = {
        "train_loss": trained.loss,
        **measured,
        "lr": trained.lr,
        "samples_per_second": trained.samples_per_second,
        "peak_memory_bytes": float(peak_memory_bytes(parts.device)),
    }
    return EpochReport(epoch, metrics, time.time(), _spread(trained, parts.options.log_steps))


def _spread(trained: _Trained, points: int) -> dict[int, float]:
    """The losses of at most ``points`` steps, evenly spread and with the last one, by step.

    The first is that of the untrained model, by which all later ones are judged.
    """
    count = len(trained.losses)
    points = min(points, count)
    chosen = [k * count // points - 1 for k in range(1, points + 1)]
    if trained.first_step == 1 and points > 1:
        chosen[0] = 0
    return {trained.first_step + index: trained.losses[index] for index in chosen}


def _keep(parts: Parts, history: list[EpochReport], step: int, finished: bool) -> None:
    # the best first: once the checkpoint is there, this epoch is not trained again
    if best_report(history, parts.metric, parts.direction) is history[-1]:
        parts.on_best(history[-1])
    if finished:
        last = history[-1]
        history[-1] = dataclasses.replace(last, metrics={**last.metrics, **parts.on_end()})
    parts.checkpoints.save(
        Checkpoint(
            model=parts.model.state_dict(),
            optimizer=parts.optimizer.state_dict(),
            schedule=parts.schedule.state_dict(),
            average=parts.average.state_dict() if parts.average else {},
            step=step,
            reports=tuple(history),
        )
    )


def _tell(parts: Parts, report: EpochReport) -> None:
    values = report.metrics
    log.info(
        "epoch %d/%d: train_loss %.4g, val_loss %.4g, val_si_sdr %.2f dB (%+.2f), lr %.3g, "
        "%.1f segments/s, peak memory %.0f MiB",
        report.epoch,
        parts.epochs,
        values["train_loss"],
        values["val_loss"],
        values["val_si_sdr"],
        values["val_si_sdr_improvement"],
        values["lr"],
        values["samples_per_second"],
        values["peak_memory_bytes"] / 2**20,
    )


def _check_finite(parts: Parts, epoch: int, step: int, values: dict[str, float]) -> None:
    for name, value in values.items():
        if not math.isfinite(value):
            message = f"{name} is {value} at epoch {epoch}, step {step}, lr {_lr(parts):.3g}"
            log.error("diverged: %s", message)
            raise Diverged(message)


def _check_time(parts: Parts) -> None:
    if parts.deadline is not None and time.time() >= parts.deadline:
        raise DeadlineReached("the trial's time limit is reached")


def _lr(parts: Parts) -> float:
    return float(parts.optimizer.param_groups[0]["lr"])
