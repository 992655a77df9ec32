"""Sweeps on a Ray cluster of several nodes, which come and go."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest

from nodes import Nodes, can_start_apart
from sweeper.ledger.paths import SweepPaths
from sweeper.records import TrialRecord, TrialState

if TYPE_CHECKING:
    from shop import Shop


@pytest.fixture
def nodes(shop: Shop) -> Iterator[Nodes]:
    """A cluster with one node."""
    made = Nodes({"PYTHONPATH": shop.environment["PYTHONPATH"]})
    yield made
    made.close()


def _workers(shop: Shop) -> dict[int, str]:
    """The node that each trial was trained on last."""
    paths = SweepPaths(shop.folder / "sweeps/toy")
    trials = {r.number: paths.trial(r.number) / "worker.json" for r in shop.records()}
    return {n: json.loads(p.read_text())["node"] for n, p in trials.items() if p.exists()}


def _slots(shop: Shop) -> int:
    note = json.loads((shop.folder / "sweeps/toy/driver.json").read_text())
    return int(note["slots"])


def test_a_killed_node_loses_no_trial_and_a_new_one_gets_work(shop: Shop, nodes: Nodes) -> None:
    shop.space("gated", trials=8)
    first, _ = nodes.start(), nodes.start()
    flags = ["--set", "pruner={name: none}", "--address", nodes.address]
    driver = shop.start("run", "toy.yaml", *flags)
    shop.wait_for(lambda records: [r.epoch for r in records] == [1] * 6)
    assert len(set(_workers(shop).values())) == 3
    assert _slots(shop) == 6
    before = _workers(shop)
    nodes.kill(first)

    def lost(records: list[TrialRecord]) -> list[int]:
        return [r.number for r in records if r.attempts == 2]

    shop.wait_for(lambda records: len(lost(records)) == 2 and _slots(shop) == 4)
    nodes.start()
    moved = lost(shop.records())
    shop.wait_for(lambda _: all(_workers(shop)[n] not in before.values() for n in moved))
    (shop.folder / "go").touch()
    said, _ = driver.communicate(timeout=120)
    assert driver.returncode == 0, said
    assert "6 at once on 3 nodes" in said
    records = shop.records()
    assert [r.state for r in records] == [TrialState.COMPLETE] * 8
    assert [r.attempts for r in records] == [2 if r.number in moved else 1 for r in records]
    assert len({before[n] for n in moved}) == 1
    for record in records:
        assert [report.epoch for report in record.reports] == [1, 2, 3, 4]
    shop.agrees()


@pytest.mark.slow
def test_a_node_that_does_not_see_the_sweep_is_named_and_no_trial_is_lost(
    shop: Shop, nodes: Nodes
) -> None:
    if not can_start_apart():
        pytest.skip("needs the right to hide a folder from a process")
    shop.space("gated", trials=3)
    flags = ["--set", "pruner={name: none}", "--address", nodes.address]
    driver = shop.start("run", "toy.yaml", *flags)
    shop.wait_for(lambda records: [r.epoch for r in records] == [1] * 2)
    nodes.start_apart(shop.folder / "sweeps")
    said, _ = driver.communicate(timeout=200)
    assert driver.returncode == 130, said
    lacking = f"does not see the sweep's folder {shop.folder}/sweeps/toy"
    assert lacking in " ".join(said.split())
    assert [r.state for r in shop.records()][:2] == [TrialState.INTERRUPTED] * 2
    code, said = shop.run("resume", "toy")
    assert (code, lacking in " ".join(said.split())) == (2, True), said
    (shop.folder / "go").touch()
    code, said = shop.run("resume", "toy", "--address", "local")
    assert code == 0, said
    assert f"resources.address: {nodes.address} -> local, accepted" in said
    assert [r.state for r in shop.records()] == [TrialState.COMPLETE] * 3
    shop.agrees()


@pytest.mark.slow
def test_a_killed_driver_of_a_cluster_is_resumed_on_it(shop: Shop, nodes: Nodes) -> None:
    shop.space("gated", trials=4)
    flags = ["--set", "pruner={name: none}", "--address", nodes.address]
    driver = shop.start("run", "toy.yaml", *flags)
    shop.wait_for(lambda records: [r.epoch for r in records] == [1] * 2)
    driver.kill()
    driver.communicate()
    (shop.folder / "go").touch()
    code, said = shop.run("resume", "toy")
    assert code == 0, said
    records = shop.records()
    assert [(r.state, r.attempts) for r in records] == [(TrialState.COMPLETE, 2)] * 2 + [
        (TrialState.COMPLETE, 1)
    ] * 2
    shop.agrees()


@contextmanager
def _head_with_a_token(variables: dict[str, str]) -> Iterator[str]:
    """Address of a head with one processor, which is a program of its own.

    A process takes its token, or that it has none, from the environment once and for all.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    scratch = tempfile.mkdtemp(prefix="head-")
    start = "from ray.scripts.scripts import main; main()"
    flags = f"--head --block --port={port} --num-cpus=1 --include-dashboard=false"
    head = subprocess.Popen(
        [sys.executable, "-c", start, "start", *flags.split(), f"--temp-dir={scratch}"],
        env=os.environ | variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"127.0.0.1:{port}"
    finally:
        for process in [*psutil.Process(head.pid).children(recursive=True), head]:
            process.kill()
        head.wait()
        shutil.rmtree(scratch, ignore_errors=True)


@pytest.mark.slow
def test_a_cluster_that_wants_its_token_says_so(shop: Shop) -> None:
    shop.space("valley", trials=1)
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "4f" * 32}
    variables = {"PYTHONPATH": shop.environment["PYTHONPATH"], **token}
    with _head_with_a_token(variables) as address:
        code, said = shop.run("run", "toy.yaml", "--address", address)
        assert (code, "set RAY_AUTH_MODE=token" in " ".join(said.split())) == (2, True), said
        shop.variables |= token
        code, said = shop.run("run", "toy.yaml", "--address", address)
    assert code == 0, said
