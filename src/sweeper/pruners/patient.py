"""Lets another pruner end a trial only once the trial has stopped improving."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import optuna
from pydantic import Field

from sweeper.pruners._build import member

__all__ = ["patient"]


def patient(
    epochs: int,
    /,
    *,
    wrapped: Annotated[
        Mapping[str, Any] | None,
        Field(description="the other pruner, {name: ..., options}; null: stop improving is enough"),
    ] = None,
    patience: Annotated[
        int, Field(ge=0, description="epochs without a better value that are put up with")
    ] = 3,
    min_delta: Annotated[
        float, Field(ge=0, description="falling back by no more than this is no decline")
    ] = 0.0,
) -> optuna.pruners.BasePruner:
    """Early stopping, alone or as a veto on the pruner ``wrapped``.

    Raises:
        LookupError: no such pruner to wrap.
        ValueError: ``wrapped`` has no name.
    """
    return optuna.pruners.PatientPruner(
        _wrapped(wrapped, epochs), patience=patience, min_delta=min_delta
    )


def _wrapped(component: Mapping[str, Any] | None, epochs: int) -> optuna.pruners.BasePruner | None:
    if component is None:
        return None
    if "name" not in component:
        raise ValueError(f"wrapped needs a name, such as {{name: median}}, but got {component}")
    options = {key: value for key, value in component.items() if key != "name"}
    return member(component["name"], options, epochs)
