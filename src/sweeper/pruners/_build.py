"""The pruner of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optuna import Study
from optuna.pruners import BasePruner
from optuna.trial import FrozenTrial

from sweeper.optuna_members import FULL_LENGTH, OptunaMember

__all__ = ["build", "member"]


def build(name: str, options: Mapping[str, Any], epochs: int) -> BasePruner:
    """The pruner ``name`` for trials of ``epochs`` epochs, to be set as its study's ``pruner``.

    ``package.module:Name`` is a member of one's own: either of the family's form
    (``epochs, /, *, options``) or a pruner for Optuna, which gets the options alone.

    Raises:
        LookupError: no such pruner.
        ValueError, TypeError: it refuses its options.
    """
    return _Early(member(name, options, epochs), epochs)


def member(name: str, options: Mapping[str, Any], epochs: int) -> BasePruner:
    """The pruner alone, to be wrapped by another one."""
    found = OptunaMember.load("pruners", name, BasePruner)  # type: ignore[type-abstract]
    return found.make(*([epochs] if found.has_family_form else []), **options)


class _Early(BasePruner):
    """Ends no trial that has trained to its end anyway, nor one that is to be trained to it.

    Besides, it keeps Optuna from seeing a `HyperbandPruner`: samplers would then be shown the
    trials of one bracket only, and which one would depend on whether this process has pruned yet.
    """

    def __init__(self, pruner: BasePruner, epochs: int) -> None:
        self._pruner = pruner
        self._epochs = epochs

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        if FULL_LENGTH in trial.system_attrs:
            return False
        if trial.last_step is None or trial.last_step >= self._epochs:
            return False
        return self._pruner.prune(study, trial)
