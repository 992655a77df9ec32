"""A sweep's configuration as frozen values; the same structure in YAML, JSON and Python."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from sweeper.config.params import ParamSpec, Scalar, SearchSpace
from sweeper.config.webhook import Webhook
from sweeper.config.yaml_core import dump
from sweeper.records import Direction, ParamValue

__all__ = [
    "NAME",
    "Aim",
    "Budget",
    "Component",
    "Confirm",
    "Objective",
    "Repeats",
    "Resources",
    "SamplerComponent",
    "Seed",
    "SweepConfig",
]

NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")
"""What a sweep may be called; a folder and an Optuna study have its name."""

_LARGEST_SEED = 2**32 - 1

Seed = Annotated[int, Field(ge=0, le=_LARGEST_SEED)]
Hours = Annotated[FiniteFloat, Field(gt=0)]
Auto = Literal["auto"]
ADDRESS = r"^(local|auto|[^\s:/@]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5})$"
"""Of a Ray cluster. A driver is one of its nodes, so there is no ``ray://``."""
STORAGE = r"^s3://[A-Za-z0-9][A-Za-z0-9._-]*(/[^\s?#@]*)?(\?[^\s#@]*)?$"
"""Of an object store, without credentials: it is written to logs and to MLflow."""
LEDGER = (
    r"^postgresql://([^\s:/@?#]+@)?([^\s:/@?#]+|\[[0-9a-fA-F:]+\])?(:\d{1,5})?(/[^\s/@?#]*)?"
    r"(\?((sslmode|sslrootcert|sslcert|sslkey|service|host|port|passfile)=[^\s&@#]*&?)+)?$"
)
"""Of a database, without a password, as libpq takes it."""
Repeats = Literal["reuse", "train"]
Goal = Literal["best", "region"]

GOAL = "what the trials are spent on: the best trial, or knowing the whole region of good ones"
ALSO = "metrics that the sampler improves as well: the summary shows what each costs the first"


def check_ledger(uri: Any) -> Any:
    """Give ``uri`` back if it may be the address of a ledger's copy, or is no text at all.

    Raises:
        ValueError: says what it should be; a password is not repeated.
    """
    if isinstance(uri, str):
        if re.search(r"://[^@]*:.*@|[?&]password=", uri):
            raise ValueError(
                "the address must not hold a password, which would be written down: it belongs "
                "into ~/.pgpass, or into PGPASSWORD or PGSERVICE of the environment"
            )
        if not re.search(LEDGER, uri):
            raise ValueError(f"want postgresql://user@host/database, got {uri!r}")
    return uri


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Component(_Frozen):
    """A family's member with its options; written flat in YAML: ``{name: dprnn, layers: 2}``.

    Attributes:
        name: the member's file name or ``package.module:Name``; empty where a task of the user's
            own reads the section as it likes.
        options: every option but those that the search space sets in each trial.
    """

    name: str = ""
    options: Mapping[str, Any] = Field(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _from_flat(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(value, Mapping) and not isinstance(value.get("options"), Mapping):
            own = {key: value[key] for key in value if key in cls.model_fields}
            options = {key: value[key] for key in value if key not in cls.model_fields}
            return handler({**own, "options": options})
        return handler(value)

    @model_serializer
    def _to_flat(self) -> dict[str, Any]:
        own = {key: getattr(self, key) for key in type(self).model_fields if key != "options"}
        return {key: own[key] for key in own if own[key] != ""} | dict(self.options)


class SamplerComponent(Component):
    """The sampler; ``seed`` makes its proposals repeatable."""

    seed: Seed


class Aim(_Frozen):
    """A metric, and which way it is better."""

    metric: str = Field(min_length=1, description="a metric that each epoch reports")
    direction: Direction = Field(description="which way is better")


class Objective(Aim):
    """What the sweep looks for: the best ``metric`` of any epoch.

    A trial's value of a metric of ``also`` is the one of that same epoch.
    """

    goal: Goal = Field("best", description=GOAL)
    also: tuple[Aim, ...] = Field((), description=ALSO)

    @property
    def aims(self) -> tuple[Aim, ...]:
        """All metrics, the one that decides first."""
        return (self, *self.also)

    @model_serializer(mode="wrap")
    def _without_nothing(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As it was before there was ``also``, where there is none."""
        return {key: value for key, value in handler(self).items() if key != "also" or value}


class Budget(_Frozen):
    """When the sweep ends: as soon as one of these is reached."""

    trials: int = Field(gt=0, description="how many trials at most")
    hours: Hours | None = Field(None, description="wall-clock hours of the whole sweep")
    gpu_hours: Hours | None = Field(
        None, description="hours that trials hold GPUs, times the GPUs of each; all sessions"
    )
    trial_hours: Hours | None = Field(None, description="wall-clock hours of each trial")
    target: FiniteFloat | None = Field(
        None, description="end once a trial's objective is this good"
    )
    failures_in_a_row: int = Field(
        5, gt=0, description="give the sweep up after so many failed trials in a row"
    )
    failed_share: Annotated[FiniteFloat, Field(gt=0, le=1)] = Field(
        0.5,
        description="give the sweep up once more than this share of a session's trials has failed, "
        "of twice failures_in_a_row at least; 1: never",
    )


class Confirm(_Frozen):
    """What is trained again after the search, with fresh seeds and to the last epoch.

    The recommended centre comes in addition to the ``top`` configurations.
    """

    top: int = Field(3, gt=0, le=100, description="how many of the best configurations")
    seeds: int = Field(3, gt=0, le=100, description="how many fresh seeds for each")

    @property
    def most(self) -> int:
        """Trials that it takes at most."""
        return (self.top + 1) * self.seeds


class Resources(_Frozen):
    """The share of machine or cluster for the sweep, and each trial's share of it."""

    address: str = Field(
        "local",
        pattern=ADDRESS,
        description="a Ray cluster to join: host:port of its head, or auto for the one that this "
        "machine belongs to; local: Ray is started on this machine alone",
    )
    storage: Annotated[str, Field(pattern=STORAGE)] | None = Field(
        None,
        description="s3://bucket/prefix for checkpoints and artifacts, where the nodes of a "
        "cluster share no folder; credentials come from the environment",
    )
    ledger: Annotated[str, Field(pattern=LEDGER)] | None = Field(
        None,
        description="postgresql://user@host/database for a copy of the ledger, so that another "
        "machine can go on where the driver's folder is lost; without a password",
    )
    cpus: Annotated[int, Field(gt=0)] | Auto = Field(
        "auto", description="processors for the sweep; auto: all"
    )
    gpus: Annotated[int, Field(ge=0)] | Auto = Field(
        "auto", description="GPUs for the sweep; auto: all, 0: none"
    )
    cpus_per_trial: Annotated[FiniteFloat, Field(gt=0)] | Auto = Field(
        "auto", description="processors of one trial"
    )
    gpus_per_trial: Annotated[FiniteFloat, Field(ge=0)] | Auto = Field(
        "auto",
        description="GPUs of one trial; 0.5: two share a GPU, auto: as many as fit, measured",
    )
    concurrent: Annotated[int, Field(gt=0)] | Auto = Field(
        "auto", description="trials at the same time at most"
    )
    max_retries: int = Field(
        2, ge=0, description="how often a trial goes on after its worker or node was lost"
    )

    @property
    def on_cluster(self) -> bool:
        """Whether Ray runs already, on machines that others may use too."""
        return self.address != "local"

    _check_ledger = field_validator("ledger", mode="before")(check_ledger)

    @field_validator("gpus_per_trial")
    @classmethod
    def _check_share(cls, share: float | Auto) -> float | Auto:
        if not isinstance(share, str) and share > 1 and not float(share).is_integer():
            raise ValueError(f"above 1 it must be a whole number, got {share}")
        return share

    @model_validator(mode="after")
    def _check_fit(self) -> Resources:
        for unit, one, whole in (
            ("cpus", self.cpus_per_trial, self.cpus),
            ("gpus", self.gpus_per_trial, self.gpus),
        ):
            if not isinstance(one, str) and not isinstance(whole, str) and one > whole:
                rule = f"{unit}_per_trial <= {unit} must hold"
                raise ValueError(f"{rule}, but got {unit}_per_trial: {one}, {unit}: {whole}")
        return self


class SweepConfig(_Frozen):
    """One sweep, complete and resolved: every default is filled in.

    Attributes:
        search_space: by name; an option of ``training`` has its bare name (``lr``), others have
            their section in front (``model.n_fft``).
        training: every option but those that the search space sets in each trial.
        enqueue: points tried first; what a point leaves out is sampled.
        repeats: what becomes of a proposal that has been trained: ``reuse`` its result, or
            ``train`` it with another seed.
        warm_start: names of sweeps whose trials the sampler is shown, taken when this one begins.
        confirm: what is trained again after the search; None for nothing.
        notify: the webhook that is told how the sweep ends, or ``$NAME`` of the variable that holds
            its address. The address itself is a secret and not among what `to_json` gives.
    """

    version: Literal[1] = 1
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    experiment: str = Field(min_length=1)
    seed: Seed
    task: str
    model: Component
    data: Component
    training: Mapping[str, Any]
    search_space: SearchSpace
    objective: Objective
    sampler: SamplerComponent
    pruner: Component
    budget: Budget
    resources: Resources
    enqueue: tuple[Mapping[str, Scalar], ...] = ()
    repeats: Repeats = "reuse"
    warm_start: tuple[str, ...] = ()
    confirm: Confirm | None = None
    notify: Webhook | None = Field(None, repr=False)

    @property
    def epochs(self) -> int:
        """How many epochs a full training has."""
        return int(self.training["epochs"])

    @model_serializer(mode="wrap")
    def _short_specs(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what says nothing (``log: false``, ``confirm: null``), and what is secret."""
        found: dict[str, Any] = handler(self)
        if self.confirm is None:
            found.pop("confirm")
        if self.notify is None or not self.notify.startswith("$"):
            found.pop("notify")
        found["search_space"] = {n: _short(spec) for n, spec in self.search_space.items()}
        return found

    def to_json(self) -> dict[str, Any]:
        """JSON values with the structure of the YAML; `from_json` gives an equal configuration.

        Equal but for the address of a webhook.
        """
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, found: Mapping[str, Any] | str) -> SweepConfig:
        """Read `to_json`'s values (or their text) back, without importing any family's member.

        Raises:
            pydantic.ValidationError: they are not such values.
        """
        text = found if isinstance(found, str) else json.dumps(found)
        return cls.model_validate_json(text, strict=True)

    def to_yaml(self) -> str:
        """A complete YAML file that `load` reads back as this configuration."""
        return dump(self.to_json())


def _short(spec: ParamSpec) -> dict[str, Any]:
    found = spec.model_dump(mode="json", exclude_defaults=True)
    when: dict[str, list[ParamValue]] = found.pop("when", {})
    short = {"type": found.pop("type"), **found}
    return {**short, "when": when} if when else short
