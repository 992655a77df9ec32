"""What every sampler of the family must do; a new member is covered by its file being there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

from sweeper import families
from sweeper.config import SearchSpace
from sweeper.config.search_space import active
from sweeper.distributions import ask, to_optuna, to_params
from sweeper.samplers._build import build, is_exhausted

NAMES = families.member_names("samplers")
OPTIONS = {"gp": {"n_startup_trials": 16}}  # its proposals take time


@pytest.fixture
def warnings_of_optuna(caplog: pytest.LogCaptureFixture) -> Iterator[list[Any]]:
    optuna.logging.enable_propagation()
    with caplog.at_level(logging.WARNING, logger="optuna"):
        yield caplog.records
    optuna.logging.disable_propagation()


def test_the_family_is_complete() -> None:
    assert {"cmaes", "gp", "grid", "nsgaii", "qmc", "random", "tpe"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_described_and_has_a_default(name: str) -> None:
    fields = families.options(families.load("samplers", name)).model_fields
    assert all(field.description and not field.is_required() for field in fields.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_and_resumed_sweep_proposes_the_same(
    name: str,
    mixed_sweep: Callable[..., Any],
    everything: SearchSpace,
    tmp_path: Path,
    warnings_of_optuna: list[Any],
) -> None:
    whole = mixed_sweep(name, OPTIONS.get(name, {}), killed=False)
    (tmp_path / "study.journal").unlink()
    assert mixed_sweep(name, OPTIONS.get(name, {}), killed=True) == whole
    for params in whole:
        assert tuple(params) == active(everything, params)
        assert all(everything[key].accepts(value) for key, value in params.items())
        assert to_params(everything, to_optuna(everything, params)) == params
    assert not warnings_of_optuna  # they would spoil the board


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides(name: str, lr_and_batch: SearchSpace) -> None:
    def proposals(seed: int) -> list[Any]:
        study = optuna.create_study(sampler=build(name, {}, lr_and_batch, seed))
        return [_ended(study, lr_and_batch) for _ in range(13)]

    first = proposals(1)
    assert proposals(1) == first
    assert proposals(2) != first


@pytest.mark.parametrize("name", NAMES)
def test_parallel_trials_differ(name: str, lr_and_batch: SearchSpace) -> None:
    study = optuna.create_study(sampler=build(name, {}, lr_and_batch, 0))
    for _ in range(12):
        _ended(study, lr_and_batch)
    running = [ask(study, lr_and_batch)[1] for _ in range(4)]
    assert len({str(params) for params in running}) == 4
    assert not is_exhausted(study)


def _ended(study: optuna.Study, space: SearchSpace) -> dict[str, Any]:
    trial, params = ask(study, space)
    study.tell(trial, float(params["lr"]))
    return params
