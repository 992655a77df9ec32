"""What every sampler of the family must do; a new member is covered by its file being there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import optuna
import pytest

from sweeper import families
from sweeper.config import SearchSpace
from sweeper.config.search_space import active
from sweeper.distributions import ask, to_optuna, to_params
from sweeper.samplers._build import build, is_exhausted

NAMES = families.member_names("samplers")


def test_the_family_is_complete() -> None:
    assert {"cmaes", "gp", "grid", "nsgaii", "qmc", "random", "tpe"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_described_and_has_a_default(name: str) -> None:
    fields = families.options(families.load("samplers", name)).model_fields
    assert all(field.description and not field.is_required() for field in fields.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_and_resumed_sweep_proposes_the_same(
    name: str, mixed_sweep: Callable[..., Any], tmp_path: Any
) -> None:
    whole = mixed_sweep(name, 25)
    (tmp_path / "study.journal").unlink()
    assert mixed_sweep(name, 5) == whole


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides(name: str, lr_and_batch: SearchSpace) -> None:
    def proposals(seed: int) -> list[Any]:
        study = optuna.create_study(sampler=build(name, {}, lr_and_batch, seed))
        return [_told(study, lr_and_batch) for _ in range(14)]

    first = proposals(1)
    assert proposals(1) == first
    assert proposals(2) != first
    assert len({str(params) for params in first}) == len(first)


def _told(study: optuna.Study, space: SearchSpace) -> dict[str, Any]:
    trial, params = ask(study, space)
    study.tell(trial, float(params["lr"]))
    return params


@pytest.mark.parametrize("name", NAMES)
def test_proposals_are_in_the_space(
    name: str, everything: SearchSpace, mixed_sweep: Callable[..., Any]
) -> None:
    for params in mixed_sweep(name, 25):
        assert tuple(params) == active(everything, params)
        assert all(everything[name].accepts(value) for name, value in params.items())
        assert to_params(everything, to_optuna(everything, params)) == params


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_logged_on_the_board(
    name: str, mixed_sweep: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    optuna.logging.enable_propagation()
    try:
        with caplog.at_level(logging.WARNING, logger="optuna"):
            mixed_sweep(name, 25)
    finally:
        optuna.logging.disable_propagation()
    assert not caplog.records


@pytest.mark.parametrize("name", NAMES)
def test_parallel_trials_differ(name: str, lr_and_batch: SearchSpace) -> None:
    study = optuna.create_study(sampler=build(name, {}, lr_and_batch, 0))
    for _ in range(12):
        _told(study, lr_and_batch)
    running = [ask(study, lr_and_batch)[1] for _ in range(4)]
    assert len({str(params) for params in running}) == 4
    assert not is_exhausted(study)
