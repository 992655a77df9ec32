"""The section ``training`` of a configuration, typed. Importing it costs no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

__all__ = ["METRICS", "Options", "TrainingOptions"]

METRICS = (
    "train_loss",
    "val_loss",
    "val_si_sdr",
    "val_si_sdr_improvement",
    "lr",
    "samples_per_second",
    "peak_memory_bytes",
)
"""What each epoch reports: losses as the loss counts, SI-SDR in dB, memory in bytes."""

Options = dict[str, Any]


def _terms(loss: object) -> dict[str, Options]:
    """``si_sdr``, or ``{si_sdr: 1.0, l1: {weight: 0.1, ...}}``, as {term: {weight, ...}}."""
    if isinstance(loss, str):
        return {loss: {"weight": 1.0}}
    if not isinstance(loss, Mapping) or not loss:
        raise ValueError(f"want a loss's name, or a mapping from names to options, got {loss!r}")
    return {str(term): _term(str(term), options) for term, options in loss.items()}


def _term(term: str, options: object) -> Options:
    if options is None:
        options = {}
    if isinstance(options, int | float):
        options = {"weight": options}
    if not isinstance(options, Mapping):
        raise ValueError(f"{term}: want a weight or a mapping of options, got {options!r}")
    return {**options, "weight": _weight(term, options.get("weight", 1.0))}


def _weight(term: str, weight: object) -> float:
    is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not is_number or not 0 < float(weight) < math.inf:  # type: ignore[arg-type]
        raise ValueError(f"{term}: weight must be a number above 0, got {weight!r}")
    return float(weight)  # type: ignore[arg-type]


def _named(section: object) -> Options:
    """``plateau``, or ``{name: plateau, factor: 0.5}``, as the latter."""
    if isinstance(section, str):
        return {"name": section}
    if isinstance(section, Mapping) and isinstance(section.get("name"), str):
        return dict(section)
    raise ValueError(f"want a name, or a mapping with 'name' and options, got {section!r}")


LossTerms = Annotated[
    dict[str, Options],
    BeforeValidator(
        _terms,
        json_schema_input_type=str | dict[str, float | Options | None],
    ),
]
Named = Annotated[Options, BeforeValidator(_named, json_schema_input_type=str | Options)]


class TrainingOptions(BaseModel):
    """How a model is trained.

    Raises:
        pydantic.ValidationError: an unknown option, or a value outside its range.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    epochs: int = Field(gt=0, description="epochs of a full training")
    lr: float = Field(default=1e-3, gt=0, description="learning rate at the start")
    batch_size: int = Field(default=8, gt=0, description="training segments per optimizer step")
    segment: float = Field(default=1.0, gt=0, description="length of a training segment in seconds")
    epoch_seconds: float | None = Field(
        default=None,
        gt=0,
        description="audio per epoch in seconds; null: as much as the training set has",
    )
    loss: LossTerms = Field(
        default={"si_sdr": {"weight": 1.0}},
        description="a loss's name, or losses to add up: {name: weight} or "
        "{name: {weight: 1.0, option: value}}",
    )
    optimizer: Literal["adam", "adamw", "sgd"] = Field(
        default="adam", description="adam: weight_decay is an L2 penalty; adamw: decoupled; sgd"
    )
    weight_decay: float = Field(default=0.0, ge=0, description="weight decay of the optimizer")
    betas: tuple[
        Annotated[float, Field(ge=0, lt=1)],
        Annotated[float, Field(ge=0, lt=1)],
    ] = Field(default=(0.9, 0.999), description="moment decays of adam and adamw")
    momentum: float = Field(default=0.9, ge=0, lt=1, description="momentum of sgd")
    schedule: Named = Field(
        default={"name": "none"},
        description="learning-rate schedule, stepped every epoch: a name, or {name: plateau, ...}",
    )
    warmup_steps: int = Field(
        default=0,
        ge=0,
        description="optimizer steps over which the learning rate rises linearly to its full value",
    )
    gradient_clip: float | None = Field(
        default=5.0, gt=0, description="largest L2 norm of the gradient; null: not clipped"
    )
    precision: Literal["auto", "float32", "bf16"] = Field(
        default="auto",
        description="auto: bfloat16 autocast on a GPU that has it, for models without LSTM or GRU, "
        "else float32 with TF32; float32: without TF32; bf16: autocast anywhere",
    )
    ema: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="decay, per optimizer step, of an exponential moving average of the weights; "
        "the averaged weights are then validated and kept; null: the last weights",
    )
    micro_batch_size: int | None = Field(
        default=None,
        gt=0,
        description="segments that go through the model at once; gradients are accumulated over "
        "a batch; null: the whole batch, or what fits into memory",
    )
    remix: bool = Field(
        default=True, description="draw new pairings of speech and noise, at SNRs drawn from snr"
    )
    snr: tuple[float, float] = Field(
        default=(-5.0, 15.0), description="lowest and highest SNR of a remix in dB"
    )
    augment: bool = Field(
        default=False,
        description="vary segments further: speeds and filters of speech and noise, two noises at "
        "once, babble and stationary noise made of training speech; for small data sets",
    )
    quality: tuple[Literal["stoi", "pesq"], ...] = Field(
        default=(),
        description="measured after the last epoch with the weights of the best one, on whole "
        "recordings: stoi, pesq; needs the extra 'quality'",
    )
    log_steps: int = Field(
        default=10, ge=0, le=100, description="single steps per epoch whose loss is reported"
    )
    early_stop: int | None = Field(
        default=None,
        gt=0,
        description="end after so many epochs in a row without a new best objective; null: never",
    )

    @model_validator(mode="after")
    def _check_snr(self) -> TrainingOptions:
        low, high = self.snr
        if low > high:
            raise ValueError(f"snr: low <= high must hold, but got (low={low}, high={high})")
        return self
