"""The kinds of parameters in a search space, each with its values and its condition."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, model_validator

from sweeper.records import ParamValue

__all__ = [
    "CategoricalParam",
    "FixedParam",
    "FloatParam",
    "IntParam",
    "ParamSpec",
    "Scalar",
    "SearchSpace",
    "same_value",
]

Scalar = Annotated[str | int | FiniteFloat | bool, Field(description="text, number, true or false")]


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


When = Mapping[
    str,
    Annotated[
        tuple[Scalar, ...],
        Field(min_length=1),
        BeforeValidator(_listed, json_schema_input_type=Scalar | list[Scalar]),
    ],
]


def same_value(a: ParamValue, b: ParamValue) -> bool:
    """Equal as a configuration means it: 1 is 1.0, but neither is true."""
    return isinstance(a, bool) == isinstance(b, bool) and a == b


def _exact(number: float) -> Decimal:
    """The number as it is written: 0.1 is a tenth."""
    return Decimal(repr(number))


class _Spec(BaseModel):
    """What all kinds of parameters share."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    when: When = Field(
        default_factory=dict,
        description="active only while these parameters have one of these values",
    )

    @property
    def sampled(self) -> bool:
        """Whether a sampler has a choice here."""
        return True


class _Range(_Spec):
    """A range of numbers, both ends included."""

    low: float
    high: float
    log: bool
    step: float | None

    @model_validator(mode="after")
    def _check(self) -> _Range:
        if rules := list(self._broken_rules()):
            raise ValueError("\n".join(rules))
        return self

    def _broken_rules(self) -> Iterator[str]:
        if self.low >= self.high:
            yield (
                f"low < high must hold, but got low: {self.low}, high: {self.high}; "
                "for a single value write {type: fixed, value: ...}"
            )
        if self.log and self.low <= 0:
            yield f"log: true needs low > 0, but got low: {self.low}"
        yield from self._broken_step_rules()

    def _broken_step_rules(self) -> Iterator[str]:
        if self.step is None or self.low >= self.high:
            return
        if self.log and self.step != 1:
            yield f"log: true and step: {self.step} exclude each other: remove one"
        elif (_exact(self.high) - _exact(self.low)) % _exact(self.step):
            whole = int((_exact(self.high) - _exact(self.low)) / _exact(self.step))
            yield (
                f"step must divide high - low, but got step: {self.step}, low: {self.low}, "
                f"high: {self.high}; high: {self._at(whole):.12g} or {self._at(whole + 1):.12g} "
                "would do"
            )

    @property
    def domain(self) -> str:
        """Its values in words."""
        step = "" if self.step in (None, 1) else f" in steps of {self.step}"
        return f"{self.low} to {self.high}{step}"

    def _on_grid(self, value: float) -> bool:
        if self.step is None or not self.low <= value <= self.high:
            return self.low <= value <= self.high
        nearest = self._at(round((value - self.low) / self.step))
        return math.isclose(value, nearest, rel_tol=1e-12, abs_tol=1e-9 * self.step)

    def _at(self, index: int) -> float:
        """The value so many steps above ``low``, free of rounding (0.1 + 2 * 0.1 is 0.3)."""
        return float(_exact(self.low) + index * _exact(self.step or 0))


class FloatParam(_Range):
    """A number between ``low`` and ``high``."""

    type: Literal["float"] = Field(description="a number in a range")
    low: FiniteFloat = Field(description="smallest value")
    high: FiniteFloat = Field(description="largest value")
    log: bool = Field(False, description="search on a logarithmic scale")
    step: Annotated[FiniteFloat, Field(gt=0)] | None = Field(
        None, description="distance of neighbouring values; null for any value"
    )

    @property
    def size(self) -> int | None:
        """How many values there are, None for infinitely many."""
        if self.step is None:
            return None
        return int((_exact(self.high) - _exact(self.low)) / _exact(self.step)) + 1

    def values(self) -> tuple[float, ...] | None:
        """Every value in ascending order, None for infinitely many."""
        return None if self.size is None else tuple(map(self._at, range(self.size)))

    def accepts(self, value: ParamValue) -> bool:
        """Whether ``value`` is in the range."""
        return not isinstance(value, (bool, str)) and self._on_grid(value)


class IntParam(_Range):
    """A whole number between ``low`` and ``high``."""

    type: Literal["int"] = Field(description="a whole number in a range")
    low: int = Field(description="smallest value")
    high: int = Field(description="largest value")
    log: bool = Field(False, description="search on a logarithmic scale")
    step: int = Field(1, gt=0, description="distance of neighbouring values")

    @property
    def size(self) -> int:
        """How many values there are."""
        return (self.high - self.low) // self.step + 1

    def values(self) -> Sequence[int]:
        """Every value in ascending order."""
        return range(self.low, self.high + 1, self.step)

    def accepts(self, value: ParamValue) -> bool:
        """Whether ``value`` is in the range."""
        return isinstance(value, int) and not isinstance(value, bool) and self._on_grid(value)


class CategoricalParam(_Spec):
    """One of several values."""

    type: Literal["categorical"] = Field(description="one of a list of values")
    choices: tuple[Scalar, ...] = Field(
        min_length=1, description="the values; rising numbers count as ordered"
    )

    @model_validator(mode="after")
    def _check(self) -> CategoricalParam:
        seen: list[ParamValue] = []
        for choice in self.choices:
            if any(choice == other for other in seen):
                raise ValueError(f"choices must differ, but {choice!r} is there twice")
            seen.append(choice)
        return self

    @property
    def ordered(self) -> bool:
        """Whether the choices are rising numbers, so that neighbours are alike."""
        numbers = [c for c in self.choices if not isinstance(c, (bool, str))]
        rising = all(a < b for a, b in itertools.pairwise(numbers))
        return len(numbers) == len(self.choices) > 1 and rising

    @property
    def size(self) -> int:
        """How many values there are."""
        return len(self.choices)

    def values(self) -> tuple[ParamValue, ...]:
        """The choices."""
        return self.choices

    @property
    def domain(self) -> str:
        """Its values in words."""
        return f"one of {', '.join(map(str, self.choices))}"

    def accepts(self, value: ParamValue) -> bool:
        """Whether ``value`` is one of the choices."""
        return any(same_value(value, choice) for choice in self.choices)


class FixedParam(_Spec):
    """A single value: the same in every trial, yet logged and comparable as a parameter."""

    type: Literal["fixed"] = Field(description="the same value in every trial")
    value: Scalar = Field(description="the value")

    @property
    def sampled(self) -> bool:
        """A sampler has no choice here."""
        return False

    @property
    def size(self) -> int:
        """Always 1."""
        return 1

    def values(self) -> tuple[ParamValue, ...]:
        """The value alone."""
        return (self.value,)

    @property
    def domain(self) -> str:
        """Its value in words."""
        return f"always {self.value}"

    def accepts(self, value: ParamValue) -> bool:
        """Whether ``value`` is the value."""
        return same_value(value, self.value)


ParamSpec = Annotated[
    FloatParam | IntParam | CategoricalParam | FixedParam, Field(discriminator="type")
]
SearchSpace = Mapping[str, ParamSpec]
