"""A running sweep is steered from other processes, and a dead one is set right."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server import Server, free_port, wait_until
from sweeper.ledger.paths import SweepPaths
from sweeper.records import TrialState

if TYPE_CHECKING:
    from shop import Shop

_PATIENCE = 240.0
_TWO = ("--set", "resources.concurrent=2", "--set", "pruner={name: none}")


def _paths(shop: Shop) -> SweepPaths:
    return SweepPaths(shop.folder / "sweeps/toy")


def _some_epochs(records: list[Any]) -> bool:
    return sum(r.epoch for r in records) >= 4


def _status(shop: Shop) -> dict[str, Any]:
    code, said = shop.run("status", "--json")
    assert code == 0, said
    found: dict[str, Any] = json.loads(said)
    return found


def _kinds(shop: Shop) -> list[str]:
    lines = _paths(shop).history.read_text().splitlines(keepends=True)
    return [json.loads(line)["event"] for line in lines if line.endswith("\n")]


def _ends(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=_PATIENCE)
    return said


def test_pause_frees_the_workers_resume_goes_on_and_stop_finishes_what_runs(shop: Shop) -> None:
    shop.space("slow", trials=100, epochs=30)
    driver = shop.start("run", "toy.yaml", *_TWO)
    shop.wait_for(_some_epochs)
    code, said = shop.run("pause", "toy", "--wait")
    assert code == 0, said
    assert "leave the workers after the epoch they are in" in " ".join(said.split())
    found = _status(shop)
    assert (found["state"], found["driver"]["pid"]) == ("paused", driver.pid)
    assert found["running"] == []
    # the driver itself stays, and nothing of Ray beside it
    assert [p.pid for p in shop.leftovers()] == [driver.pid]
    paused = shop.records()
    assert {r.state for r in paused} <= {TrialState.INTERRUPTED, TrialState.COMPLETE}
    assert _elapsed(shop) == _elapsed(shop)  # a pause does not count

    code, said = shop.run("resume", "toy")
    assert (code, f"process {driver.pid} on " in said) == (0, True), said
    epochs = sum(r.epoch for r in paused)
    shop.wait_for(lambda records: sum(r.epoch for r in records) > epochs + 4)
    code, said = shop.run("stop", "toy", "--wait")
    assert code == 0, said
    assert "toy stopped:" in said
    assert "`sweeper stop` by" in _ends(driver)
    assert driver.returncode == 130
    records = shop.records()
    assert all(r.state is TrialState.COMPLETE for r in records)
    for record in records:
        assert [e.epoch for e in record.reports] == list(range(1, 31)), "nothing lost or repeated"
    kinds = _kinds(shop)
    assert (kinds.count("pause"), kinds.count("go"), kinds.count("session")) == (1, 1, 1)
    (parent,) = shop.agrees().parents
    assert (parent.info.status, parent.data.tags["sweeper.state"]) == ("KILLED", "stopped")
    assert shop.leftovers() == []
    assert not _paths(shop).request.exists()


def _elapsed(shop: Shop) -> float:
    return float(_status(shop)["elapsed_seconds"])


def test_cancel_ends_at_once_also_in_a_pause(shop: Shop) -> None:
    shop.space("slow", trials=100, epochs=30)
    driver = shop.start("run", "toy.yaml", *_TWO)
    shop.wait_for(_some_epochs)
    watcher = shop.start("watch", "toy")
    assert shop.run("pause", "toy")[0] == 0
    wait_until(lambda: "pause" in _kinds(shop))
    code, said = shop.run("cancel", "toy")
    assert code == 0, said
    assert "toy cancelled:" in said
    assert "interrupted" in said
    assert "`sweeper cancel` by" in _ends(driver)
    assert driver.returncode == 130
    assert "cancelled" in _ends(watcher)
    assert watcher.returncode == 0
    shop.agrees()
    assert _status(shop)["state"] == "cancelled"
    # without a terminal the unfinished sweeps are listed
    assert "sweeper resume toy" in shop.run("resume")[1]


def test_a_killed_driver_is_set_right_by_the_next_command(shop: Shop) -> None:
    shop.space("slow", trials=100, epochs=30)
    driver = shop.start("run", "toy.yaml", *_TWO)
    shop.wait_for(_some_epochs)
    driver.send_signal(signal.SIGKILL)
    driver.communicate()
    found = _status(shop)
    assert (found["state"], found["driver"]) == ("driver lost", None)
    assert f"process {driver.pid} on " in found["why"]
    code, said = shop.run("pause", "toy")
    assert (code, "nothing runs" in said) == (0, True), said
    code, said = shop.run("stop", "toy")
    assert code == 0, said
    assert "has lost its driver" in said
    assert "MLflow has everything" in said
    assert shop.leftovers() == []
    (parent,) = shop.agrees().parents
    assert (parent.info.status, parent.data.tags["sweeper.state"]) == ("KILLED", "lost")
    assert parent.data.tags["mlflow.note.content"]
    assert (_paths(shop).summary / "summary.json").exists()
    assert [r.state for r in shop.records()].count(TrialState.RUNNING) == 0
    code, said = shop.run("cancel", "toy")
    assert (code, "nobody runs toy" in said) == (0, True), said


def test_sync_ships_what_an_outage_kept_back(shop: Shop, tmp_path: Path) -> None:
    """The server is up, then away, then back: nothing is missing and nothing there twice."""
    home = tmp_path / "server"
    home.mkdir()
    server = Server(home, free_port())
    server.start()
    try:
        shop.space("slow", trials=6, epochs=10)
        shop.variables["MLFLOW_TRACKING_URI"] = server.uri
        driver = shop.start("run", "toy.yaml", *_TWO)
        shop.wait_for(_some_epochs)
        server.stop()
        said = _ends(driver)
        assert driver.returncode == 0, said
        assert "`sweeper sync toy` brings the rest" in said
        assert "waiting up to" in said
        assert "Ctrl-C leaves them to `sweeper sync toy`" in " ".join(said.split())
        del shop.variables["MLFLOW_TRACKING_URI"]  # another terminal, in which it is not set
        code, said = shop.run("sync", "toy")
        assert (code, "MLflow still lacks" in said) == (1, True), said
        behind = _status(shop)["mlflow"]
        assert behind["events_behind"] > 0
        assert behind["tracking_uri"] == server.uri
        server.start()
        for _ in range(2):  # the second finds nothing to do
            code, said = shop.run("sync", "toy")
            assert (code, "MLflow has everything" in said) == (0, True), said
        shop.variables["MLFLOW_TRACKING_URI"] = server.uri
        (parent,) = shop.agrees().parents
        assert parent.info.status == "FINISHED"
        assert not (shop.folder / "mlflow.db").exists(), "no second mirror was begun"
        server.stop()
        code, said = shop.run("sync", "toy")
        assert (code, "nothing is left to ship" in said) == (1, True), said
    finally:
        server.stop()
