"""Sweeps whose trials keep their files in an object store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nodes import Nodes, can_start_apart
from store import ACCESS, Store
from sweeper.ledger.paths import SweepPaths
from sweeper.records import TrialState

if TYPE_CHECKING:
    from shop import Shop


def _flags(store: Store) -> list[str]:
    return ["--set", f"resources.storage={store.uri}", "--set", "resources.concurrent=1"]


def test_it_ends_as_on_a_disk_and_leaves_no_secret(shop: Shop, store: Store) -> None:
    shop.space("remembers", trials=8)
    code, said = shop.run("run", "toy.yaml", *_flags(store))
    assert code == 0, said
    paths = SweepPaths(shop.folder / "sweeps/toy")
    runs = shop.agrees()
    for run in runs.children:
        number = int(run.data.tags["sweeper.trial"])
        began_after = paths.trial(number) / "artifacts/inside/began_after.txt"
        assert began_after.read_text() == ("2" if number == 1 else "0")
        assert {"inside", "config.yaml", "train.log"} <= runs.files(run)
    kept = store.names()
    assert "team/toy/trials/0001/artifacts/inside/began_after.txt" in kept
    assert not [name for name in kept if name.endswith(".ckpt")]
    assert not list(paths.root.rglob("*.ckpt"))
    for path in shop.folder.rglob("*"):
        if path.is_file():
            assert ACCESS["AWS_SECRET_ACCESS_KEY"].encode() not in path.read_bytes(), path
    ways = [(r.params, r.state, r.epoch, r.attempts) for r in shop.records()]
    (shop.folder / "died").unlink()
    flags = ["--set", "name=disk", "--set", "resources.concurrent=1"]
    code, said = shop.run("run", "toy.yaml", *flags)
    assert code == 0, said
    assert [(r.params, r.state, r.epoch, r.attempts) for r in shop.records("disk")] == ways
    paths.root.rename(shop.folder / "gone")
    code, said = shop.run("run", "toy.yaml", *_flags(store))
    assert code == 2
    assert "has 8 trials of another sweep named toy: give this one a name of its own" in said
    assert kept == store.names()


def test_a_store_that_cannot_be_written_to_is_said_before_a_trial_begins(
    shop: Shop, store: Store
) -> None:
    shop.space("valley", trials=2)
    store.close()
    code, said = shop.run("run", "toy.yaml", *_flags(store))
    assert code == 2
    assert f"cannot write to s3://{store.bucket}/team?" in said
    assert shop.records() == []


@pytest.mark.slow
def test_nodes_that_share_no_folder_train_and_are_asked_to_stop(shop: Shop, store: Store) -> None:
    if not can_start_apart():
        pytest.skip("needs the right to hide a folder from a process")
    shop.space("gated", trials=6)
    (shop.folder / "sweeps").mkdir()
    nodes = Nodes({"PYTHONPATH": shop.environment["PYTHONPATH"], **ACCESS})
    try:
        nodes.start_apart(shop.folder / "sweeps")
        flags = ["--set", f"resources.storage={store.uri}", "--address", nodes.address]
        flags += ["--set", "pruner={name: threshold, lower: 1.5, n_warmup_epochs: 1}"]
        driver = shop.start("run", "toy.yaml", *flags)
        shop.wait_for(lambda records: [r.epoch for r in records] == [1] * 4)
        (shop.folder / "go").touch()
        said, _ = driver.communicate(timeout=120)
    finally:
        nodes.close()
    assert driver.returncode == 0, said
    assert {r.state for r in shop.records()} == {TrialState.COMPLETE, TrialState.PRUNED}
    signs = SweepPaths(shop.folder / "sweeps/toy").root.glob("trials/*/worker.json")
    assert len({json.loads(sign.read_text())["node"] for sign in signs}) == 2
    shop.agrees()
