"""Members of the families that hold Optuna's parts: ours, a user's, or a class of Optuna itself."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from optuna.exceptions import ExperimentalWarning

from sweeper import families

__all__ = ["FULL_LENGTH", "FURTHER", "OptunaMember"]

FULL_LENGTH = "sweeper:full_length"
"""System attribute of a trial that a sampler wants trained to its end: no pruner ends it."""

FURTHER = "sweeper:also"
"""User attribute of a trial: its values of ``objective.also``, None where one is not known.

The study itself is of the first objective, which is what pruners want.
"""

Part = TypeVar("Part")


@dataclass(frozen=True)
class OptunaMember(Generic[Part]):
    """What makes a sampler or a pruner, by its name in the YAML.

    Attributes:
        name: of a member of the family, or ``package.module:Name``.
        factory: what it names.
        part: the class of Optuna's that it has to make.
    """

    name: str
    factory: Callable[..., Any]
    part: type[Part]

    @classmethod
    def load(cls, family: str, name: str, part: type[Part]) -> OptunaMember[Part]:
        """Find it.

        Raises:
            LookupError: no such member.
        """
        # Optuna's word for "may change": the versions that we accept are tested
        warnings.filterwarnings("ignore", category=ExperimentalWarning)
        return cls(name, families.load(family, name), part)

    @property
    def has_family_form(self) -> bool:
        """Whether it takes what the program supplies; a class of Optuna's takes options only."""
        parameters = inspect.signature(self.factory).parameters.values()
        return any(p.kind is p.POSITIONAL_ONLY for p in parameters)

    def takes(self, option: str) -> bool:
        """Whether it has an argument of that name."""
        return option in inspect.signature(self.factory).parameters

    def make(self, *supplied: Any, **options: Any) -> Part:
        """Make it.

        Raises:
            TypeError: it gives something else, or takes no such options.
            ValueError: it refuses them.
        """
        made = self.factory(*supplied, **options)
        if not isinstance(made, self.part):
            wanted, got = self.part.__name__, type(made).__name__
            raise TypeError(f"{self.name} must give an Optuna {wanted}, but gave a {got}")
        return made
