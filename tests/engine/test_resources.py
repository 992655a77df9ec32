"""How a machine is divided among trials."""

from __future__ import annotations

import os
from typing import Any

import pytest

from sweeper.config import Resources
from sweeper.engine import resources
from sweeper.engine.resources import plan_slots
from sweeper.errors import ConfigError


def _machine(monkeypatch: pytest.MonkeyPatch, cpus: int, gpus: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cpus)))
    monkeypatch.setattr(resources, "_gpu_count", lambda: gpus)


@pytest.mark.parametrize(
    ("cpus", "gpus", "wanted", "concurrent", "cpus_each", "gpus_each"),
    [
        (4, 0, {}, 4, 1, 0),
        (4, 0, {"concurrent": 2}, 2, 1, 0),
        (4, 0, {"cpus_per_trial": 2}, 2, 2, 0),
        (4, 0, {"cpus_per_trial": 0.5}, 8, 0.5, 0),
        (4, 0, {"cpus": 2, "concurrent": 9}, 2, 1, 0),
        (16, 2, {}, 2, 8, 1),
        (16, 2, {"gpus_per_trial": 0.25}, 8, 2, 0.25),
        (16, 2, {"gpus_per_trial": 0.1}, 20, 0.8, 0.1),
        (4, 2, {"gpus_per_trial": 0.25, "cpus_per_trial": 1}, 4, 1, 0.25),
        (16, 4, {"gpus_per_trial": 2}, 2, 8, 2),
        (16, 2, {"gpus": 0}, 16, 1, 0),
    ],
)
def test_slots(
    monkeypatch: pytest.MonkeyPatch,
    cpus: int,
    gpus: int,
    wanted: dict[str, Any],
    concurrent: int,
    cpus_each: float,
    gpus_each: float,
) -> None:
    _machine(monkeypatch, cpus, gpus)
    slots = plan_slots(Resources(**wanted))
    found = (slots.concurrent, slots.cpus_per_trial, slots.gpus_per_trial)
    assert found == (concurrent, cpus_each, gpus_each)


@pytest.mark.parametrize(
    "wanted", [{"cpus": 5}, {"gpus": 1}, {"cpus_per_trial": 8}, {"gpus_per_trial": 0.5}]
)
def test_more_than_there_is_is_refused(
    monkeypatch: pytest.MonkeyPatch, wanted: dict[str, Any]
) -> None:
    _machine(monkeypatch, 4, 0)
    with pytest.raises(ConfigError, match="this machine has 4 CPUs and 0 GPUs; lower it"):
        plan_slots(Resources(**wanted))
