"""A sweep's best model, applied to a recording."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sweeper.config import SweepConfig
from sweeper.errors import DataError, SweepNotFound
from sweeper.ledger.history import read_history
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.records import TrialRecord, TrialState, ranked
from sweeper.words import duration

__all__ = ["champion", "enhance"]

_CHECKPOINT = "artifacts/best.ckpt"


def champion(config: SweepConfig, paths: SweepPaths, records: Sequence[TrialRecord]) -> int | None:
    """The best finished trial that has left a model; None where there is none."""
    done = [r for r in records if r.state is TrialState.COMPLETE and r.value is not None]
    for record in ranked(done, config.objective.direction):
        if config.task == "enhancement" and (paths.trial(record.number) / _CHECKPOINT).is_file():
            return record.number
    return None


def enhance(model: str, noisy: Path, enhanced: Path, sweeps: Path, *, force: bool = False) -> str:
    """Write ``noisy`` without its noise to ``enhanced``, at its own sample rate, in mono.

    Args:
        model: a sweep in the folder ``sweeps``, a trial's best.ckpt, or a model's URI in MLflow.
        force: replace an existing file ``enhanced``.

    Returns:
        What was done, for people.

    Raises:
        DataError, SweepNotFound, TrackingError: recording or model cannot be used.
    """
    from sweeper.data import audio
    from sweeper.enhancer import Enhancer

    if enhanced.suffix.lower() not in (".wav", ".flac"):
        raise DataError(f"{enhanced}: the recording is written as .wav or .flac")
    if enhanced.exists() and noisy.exists() and enhanced.samefile(noisy):
        raise DataError(f"{enhanced}: is the noisy recording itself; give another name")
    if enhanced.exists() and not force:
        raise DataError(f"{enhanced}: is there already; `--force` replaces it")
    recording = audio.read(noisy)
    rate = recording.sample_rate
    with _checkpoint(model, sweeps) as (path, name):
        enhancer = Enhancer.load(path)
    audio.write(enhanced, enhancer(recording.waveform, rate), rate)
    narrow = f", speech up to {enhancer.sample_rate // 2} Hz" if rate > enhancer.sample_rate else ""
    mono = f", {recording.channels} channels as their mean" if recording.channels > 1 else ""
    seconds = duration(recording.frames / rate)
    return f"{enhanced}: {seconds} at {rate} Hz{narrow}{mono}, by {name}"


@contextmanager
def _checkpoint(model: str, sweeps: Path) -> Iterator[tuple[Path, str]]:
    """The checkpoint that ``model`` means, and what to call it."""
    if ":/" in model:
        from sweeper.tracker.model import download_checkpoint

        with tempfile.TemporaryDirectory(prefix="sweeper-model-") as folder:
            yield download_checkpoint(model, Path(folder)), model
    elif Path(model).suffix == ".ckpt":
        yield Path(model), model
    else:
        paths, number = _best(model, sweeps)
        yield paths.trial(number) / _CHECKPOINT, f"trial {number} of {model}"


def _best(name: str, sweeps: Path) -> tuple[SweepPaths, int]:
    paths = SweepPaths.existing(name, sweeps)
    config = SweepConfig.from_json(Manifest.read(paths).config)
    history = read_history(paths.history)
    number = champion(config, paths, history.counted(config.epochs))
    if number is None:  # the epochs were raised, and no trial has all of them yet
        number = champion(config, paths, history.records())
    if number is None:
        raise SweepNotFound(f"no finished trial of {name} has left a model of speech enhancement")
    return paths, number
