"""Train a network to remove the noise from speech."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweeper.data.augmentation import AugmentedBatches
from sweeper.data.batches import Batches
from sweeper.data.cache import cached
from sweeper.families import is_dotted
from sweeper.losses import _weighted
from sweeper.tasks._artifacts import Artifacts
from sweeper.tasks._evaluation import Evaluation, require
from sweeper.training.accumulation import Accumulation
from sweeper.training.averaging import WeightAverage
from sweeper.training.checkpoint import Checkpoints
from sweeper.training.contract import try_out
from sweeper.training.hardware import pick_device, pick_precision
from sweeper.training.heap import freed_memory_kept
from sweeper.training.loop import Parts, train
from sweeper.training.members import build, resolve
from sweeper.training.optimizers import build_optimizer
from sweeper.training.options import METRICS, TrainingOptions
from sweeper.training.randomness import seed_everything
from sweeper.training.validation import Validation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import nn

    from sweeper.data.corpus import Corpus
    from sweeper.records import EpochReport, Trial

__all__ = ["enhancement"]


def enhancement(trial: Trial, /) -> Iterator[EpochReport]:
    """Train ``trial.config["model"]`` on ``trial.config["data"]`` and report each epoch.

    Metrics are those of `sweeper.training.options.METRICS`. ``trial.directory/artifacts`` always
    holds what belongs to the best epoch so far, by ``trial.config["objective"]``, so however the
    trial ends it is there: ``best.ckpt`` (weights, configuration, the epoch's report) and
    ``noisy.wav``, ``clean.wav``, ``enhanced.wav`` of one validation recording, that with the median
    SI-SDR. Until the first epoch has ended there are none. After the last one the best weights are
    measured on each recording: ``files.csv``, ``by_input_snr.png``.

    Raises:
        Diverged, DeadlineReached: as `sweeper.training.loop.train`.
        DataError: the corpus cannot be used.
        ModelError: the model gives something else than an estimate (batch, time).
        LookupError, ValueError: the configuration names what there is not, or does not fit.
    """
    with freed_memory_kept():
        yield from train(parts_of(trial), reported=trial.reported)


def corpus_of(config: Mapping[str, Any]) -> Corpus:
    """The corpus of ``config["data"]``; each process reads it only once."""
    return cached(*resolve("datasets", config["data"]))


@dataclass(frozen=True, slots=True)
class Description:
    """What a configuration trains, in numbers for the tracker.

    Attributes:
        parameters: trainable numbers in the model.
        corpus, source, fingerprint: name, origin and SHA-256 of the data.
        sample_rate: in Hz.
        train_recordings, valid_recordings, train_seconds, valid_seconds: sizes of the splits.
    """

    parameters: int
    corpus: str
    source: str
    fingerprint: str
    sample_rate: int
    train_recordings: int
    valid_recordings: int
    train_seconds: float
    valid_seconds: float


def describe(config: Mapping[str, Any]) -> Description:
    """Describe ``config["model"]`` and ``config["data"]``; reads the whole corpus.

    Raises:
        DataError, LookupError, ValueError: as `enhancement`.
        ModelError: a model of the user's own does not give what it must.
    """
    options = TrainingOptions.model_validate(config["training"])
    require(options.quality)
    corpus = corpus_of(config)
    model: nn.Module = build("models", config["model"])
    if is_dotted(config["model"]["name"]):
        try_out(model, round(options.segment * corpus.sample_rate))
    return Description(
        parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        corpus=corpus.name,
        source=corpus.source,
        fingerprint=corpus.fingerprint,
        sample_rate=corpus.sample_rate,
        train_recordings=len(corpus.train),
        valid_recordings=len(corpus.valid),
        train_seconds=corpus.train_seconds,
        valid_seconds=corpus.valid_seconds,
    )


def parts_of(trial: Trial) -> Parts:
    """All that the training of ``trial`` works with, on its device.

    Raises:
        DataError, LookupError, ValueError: as `enhancement`.
    """
    options = TrainingOptions.model_validate(trial.config["training"])
    require(options.quality)
    objective = trial.config["objective"]
    if objective["metric"] not in METRICS:
        raise ValueError(
            f"objective.metric must be one of {', '.join(METRICS)}, got {objective['metric']!r}"
        )
    corpus = corpus_of(trial.config)
    device = pick_device(trial.gpus)
    seed_everything(trial.seed, epoch=0)
    model: nn.Module = build("models", trial.config["model"]).to(device)
    precision = pick_precision(model, device, options.precision)
    optimizer = build_optimizer(model, options)
    average = WeightAverage(model, options.ema) if options.ema else None
    batches = _batches(corpus, options, trial.seed)
    validation = Validation(corpus.valid, options.batch_size * batches.frames)
    artifacts = Artifacts(
        folder=trial.directory / "artifacts",
        config=trial.config,
        model=average.model if average else model,
        precision=precision,
        device=device,
        example=validation.example,
        sample_rate=corpus.sample_rate,
    )
    evaluation = Evaluation(
        pairs=corpus.valid,
        measures=options.quality,
        sample_rate=corpus.sample_rate,
        precision=precision,
        device=device,
        folder=artifacts.folder,
    )
    return Parts(
        model=model,
        loss=_weighted.build(options.loss).to(device),
        optimizer=optimizer,
        schedule=build("schedules", options.schedule, optimizer, trial.epochs),
        batches=batches,
        validation=validation,
        checkpoints=Checkpoints(trial.directory),
        options=options,
        precision=precision,
        device=device,
        epochs=trial.epochs,
        metric=objective["metric"],
        direction=objective["direction"],
        seed=trial.seed,
        on_best=artifacts.write,
        on_end=lambda: evaluation(artifacts.best()),
        deadline=trial.deadline,
        average=average,
        accumulation=Accumulation(options.micro_batch_size),
    )


def _batches(corpus: Corpus, options: TrainingOptions, seed: int) -> Batches | AugmentedBatches:
    batches = Batches(
        corpus,
        batch_size=options.batch_size,
        segment=options.segment,
        seed=seed,
        epoch_seconds=options.epoch_seconds,
        remix=options.remix,
        snr=options.snr,
    )
    return AugmentedBatches(batches) if options.augment else batches
