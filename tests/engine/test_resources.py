"""How a machine, or a cluster's nodes, are divided among trials."""

from __future__ import annotations

import os
from typing import Any

import pytest

from sweeper.config import Resources
from sweeper.engine import resources
from sweeper.engine.resources import Node, plan_slots
from sweeper.errors import ConfigError

HEAD, SMALL, LARGE = Node(4, 0), Node(3, 2), Node(16, 8)


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


def test_a_trial_needs_its_room_on_one_node() -> None:
    assert plan_slots(Resources(gpus=0, cpus_per_trial=3), [HEAD, HEAD, SMALL]).concurrent == 3
    with pytest.raises(ConfigError, match="but the cluster has 11 CPUs and 2 GPUs"):
        plan_slots(Resources(cpus_per_trial=5), [HEAD, HEAD, SMALL])


def test_gpus_bring_the_share_of_processors_that_every_node_can_give() -> None:
    slots = plan_slots(Resources(), [HEAD, SMALL, LARGE])
    assert (slots.concurrent, slots.gpus_per_trial, slots.cpus_per_trial) == (10, 1, 1)
    assert plan_slots(Resources(), [HEAD, LARGE, LARGE]).cpus_per_trial == 2
    assert str(slots) == "10 at once on 3 nodes (1 GPU, 1 CPU each)"


def test_places_follow_the_nodes_and_stay_within_what_is_asked_for() -> None:
    resources = Resources(concurrent=9)
    slots = plan_slots(resources, [HEAD, LARGE])
    assert slots.concurrent == 8
    assert slots.on([HEAD, LARGE, SMALL], resources).concurrent == 9
    assert slots.on([HEAD, SMALL], resources).concurrent == 1  # 2 CPUs of its 3 for each
    assert slots.on([HEAD], resources).concurrent == 0
    assert slots.on([HEAD, LARGE], resources) == slots


@pytest.mark.parametrize("address", ["10.0.0.7:6379", "head:6379", "[fd00::1]:6379", "auto"])
def test_an_address_is_that_of_a_cluster(address: str) -> None:
    assert Resources(address=address).on_cluster
    assert not Resources().on_cluster


@pytest.mark.parametrize("address", ["", "head", "ray://head:10001", "me:secret@head:6379"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Resources(address=address)


def test_a_storage_is_named_without_its_credentials() -> None:
    options = "endpoint_override=minio.lab:9000&scheme=http&region=eu-1"
    assert Resources(storage=f"s3://bucket/team?{options}").storage
    assert Resources(storage="s3://bucket").storage
    for wrong in ("/mnt/share", "gs://bucket", "s3://", "s3://key:secret@bucket/team"):
        with pytest.raises(ValueError, match="storage"):
            Resources(storage=wrong)
