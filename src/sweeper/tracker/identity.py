"""What a sweep is called in MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sweeper.records import Direction

__all__ = ["DatasetIdentity", "SweepIdentity"]


@dataclass(frozen=True, slots=True)
class DatasetIdentity:
    """The corpus that every trial trains on.

    Attributes:
        fingerprint: hash of its content; MLflow shows the first 36 characters as the digest.
        source: where it comes from, for people.
        profile: its size, by what is counted and in which unit (``sample_rate_hz``).
        columns: what there is of each recording, each with its type in MLflow's words
            (``{"type": "string"}``).
    """

    name: str
    fingerprint: str
    source: str
    profile: Mapping[str, float] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SweepIdentity:
    """A sweep as its parent run shows it.

    Attributes:
        sweep_id: unique for ever; runs are found by it.
        name: of the sweep and of the parent run.
        experiment: name of the MLflow experiment.
        metric: the objective, under its name in the reports (``val_si_sdr``).
        source: what was run (``search_spaces/dprnn.yaml``).
        settings: the parent's parameters as text (sampler, pruner, each search range).
        limits: its budget and resources as text. They are no parameters, because each session may
            have others and MLflow's parameters cannot change.
        log_scaled: parameters, under their MLflow names, that are searched on a log scale. Trials
            get ``log10_<name>`` too, because the axes of MLflow's contour chart are linear.
        searched: parameters that vary, under their MLflow names, the learning rate and the batch
            size first.
        also: further objectives, under their names in the reports.
    """

    sweep_id: str
    name: str
    experiment: str
    metric: str
    direction: Direction
    source: str
    settings: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    log_scaled: frozenset[str] = frozenset()
    searched: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    dataset: DatasetIdentity | None = None
