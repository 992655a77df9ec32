"""A sweep as MLflow shall know it."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from sweeper.config import FloatParam, IntParam, ParamSpec, SearchSpace, SweepConfig, flat_params
from sweeper.config.search_space import propose, witness
from sweeper.ledger.manifest import Manifest
from sweeper.records import ParamValue
from sweeper.region.scale import BATCH_SIZE, LR, find, scale_of
from sweeper.tracker.identity import DatasetIdentity, SweepIdentity

__all__ = ["dataset_of", "identify"]

_WAVEFORM: Mapping[str, object] = {"type": "array", "items": {"type": "float"}}
_COLUMNS = {"id": {"type": "string"}, "noisy": _WAVEFORM, "clean": _WAVEFORM}
_LIMITS = ("budget", "resources")
_SECTIONS = (
    "task",
    "seed",
    "objective",
    "sampler",
    "pruner",
    "confirm",
    "model",
    "data",
    "training",
)


def identify(config: SweepConfig, manifest: Manifest, *, with_data: bool = True) -> SweepIdentity:
    """Everything about the sweep that its parent run shows; reads the data set once.

    Args:
        with_data: False leaves the data set out, where it is out of reach.
    """
    return SweepIdentity(
        sweep_id=manifest.sweep_id,
        name=config.name,
        experiment=config.experiment,
        metric=config.objective.metric,
        direction=config.objective.direction,
        also=tuple(aim.metric for aim in config.objective.also),
        source=manifest.source,
        settings=_settings(config),
        limits={key: _inline(config.to_json()[key]) for key in _LIMITS},
        log_scaled=_log_scaled(config),
        searched=_searched(config),
        dataset=dataset_of(config) if with_data else None,
    )


def _settings(config: SweepConfig) -> dict[str, str]:
    found = config.to_json()
    if also := [f"{aim.direction} {aim.metric}" for aim in config.objective.also]:
        found["objective"] = {**found["objective"], "also": " and ".join(also)}
    space = {f"space.{name}": _inline(spec) for name, spec in found["search_space"].items()}
    return {key: _inline(found[key]) for key in _SECTIONS if key in found} | space


def _inline(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k}={_inline(v)}" for k, v in value.items() if v is not None)
    return str(value)


def _log_scaled(config: SweepConfig) -> frozenset[str]:
    """The flat names of the parameters on a log scale."""
    return frozenset(
        _flat_name(config, name)
        for name, spec in config.search_space.items()
        if isinstance(spec, FloatParam | IntParam) and spec.log
    )


def _searched(config: SweepConfig) -> tuple[str, ...]:
    """The flat names of the parameters that vary, learning rate and batch size first."""
    space = config.search_space
    first = [name for name in (find(space, LR), find(space, BATCH_SIZE)) if name]
    varying = [name for name, spec in space.items() if scale_of(spec) is not None]
    return tuple(_flat_name(config, name) for name in dict.fromkeys([*first, *varying]))


def _flat_name(config: SweepConfig, name: str) -> str:
    """What MLflow calls a parameter of the search space."""
    flat = flat_params(config, _some_params(config.search_space, name))
    own = name.rpartition(".")[2]
    return own if own in flat else name


def _some_params(space: SearchSpace, name: str) -> dict[str, ParamValue]:
    """Parameters of a possible trial in which ``name`` applies."""
    given = witness(space, name) or {}
    return propose(space, lambda n, spec: given[n] if n in given else _some_value(spec))


def _some_value(spec: ParamSpec) -> ParamValue:
    if isinstance(spec, FloatParam | IntParam):
        return spec.low
    return next(iter(spec.values()))


def dataset_of(config: SweepConfig) -> DatasetIdentity | None:
    """The corpus of the enhancement task; a task of the user's own has its own data."""
    if config.task != "enhancement":
        return None
    from sweeper.corpora.bar import reading_shown
    from sweeper.tasks.enhancement import corpus_of
    from sweeper.terminal import terminal

    with reading_shown(terminal(sys.stderr)):
        corpus = corpus_of({"data": config.data.model_dump(mode="json")})
    profile = {
        "sample_rate_hz": corpus.sample_rate,
        "train_recordings": len(corpus.train),
        "train_seconds": round(corpus.train_seconds, 1),
        "valid_recordings": len(corpus.valid),
        "valid_seconds": round(corpus.valid_seconds, 1),
    }
    return DatasetIdentity(corpus.name, corpus.fingerprint, corpus.source, profile, _COLUMNS)
