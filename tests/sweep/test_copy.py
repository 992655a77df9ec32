"""Sweeps whose ledger has a copy in PostgreSQL: the driver's machine is lost, the sweep goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from postgres import PASSWORD, Postgres, served
from server import wait_until
from shop import all_ended
from store import ACCESS, Store
from sweeper.ledger.history import read_history
from sweeper.ledger.paths import SweepPaths
from sweeper.ledger.restore import restore
from sweeper.records import TrialState

if TYPE_CHECKING:
    import subprocess

    from shop import Shop

pytestmark = pytest.mark.slow


@pytest.fixture
def postgres(shop: Shop) -> Iterator[Postgres]:
    with served() as made:
        shop.variables["PGPASSWORD"] = PASSWORD
        yield made


def _lose(shop: Shop, driver: subprocess.Popen[str]) -> None:
    """The driver's machine is gone, with all that was on it."""
    os.killpg(driver.pid, signal.SIGKILL)
    driver.communicate()
    shutil.rmtree(shop.folder / "sweeps")


def _ways(shop: Shop, name: str = "toy") -> list[object]:
    return [(r.params, r.state, r.epoch, r.value) for r in shop.records(name)]


def _no_secret(shop: Shop, *said: str) -> None:
    secrets = PASSWORD, ACCESS["AWS_SECRET_ACCESS_KEY"]
    assert not [text for text in said if any(secret in text for secret in secrets)]
    for path in shop.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in secrets), path


@pytest.mark.parametrize("behind", [False, True])
def test_a_sweep_goes_on_exactly_though_its_machine_is_lost(
    shop: Shop, postgres: Postgres, store: Store, behind: bool
) -> None:
    shop.space("tells_again", trials=8)
    one = ["--set", "resources.concurrent=1"]
    places = ["--set", f"resources.storage={store.uri}"]
    places += ["--set", f"resources.ledger={postgres.address}"]
    driver = shop.start("run", "toy.yaml", *one, *places)
    shop.wait_for(lambda records: sum(r.epoch for r in records) >= 9)
    mirror = shop.folder / "sweeps/toy/mirror.jsonl"
    wait_until(lambda: mirror.exists() and '"run"' in mirror.read_text())
    if behind:  # trials begin and end of which the copy knows nothing
        postgres.stop()
        begun = len(shop.records())
        shop.wait_for(lambda records: len(records) >= begun + 3)
    before = {r.data.tags["sweeper.trial"]: r.info.run_id for r in shop.runs().children}
    assert before
    lost = shop.records()
    _lose(shop, driver)
    if behind:
        assert len(before) < len(lost)  # MLflow has waited for the copy
        postgres.start()
    code, said = shop.run("resume", "toy", "--ledger", postgres.address)
    assert code == 0, said
    assert "was made of its copy" in " ".join(said.split())
    assert "once more" not in said
    after = {r.data.tags["sweeper.trial"]: r.info.run_id for r in shop.agrees().children}
    assert before.items() <= after.items()
    for record in shop.records():
        assert [e.epoch for e in record.reports] == list(range(1, record.epoch + 1))
    ways = _ways(shop)
    code, calm = shop.run("run", "toy.yaml", *one, "--set", "name=calm")
    assert code == 0, calm
    assert ways == _ways(shop, "calm")
    _no_secret(shop, said)
    assert shop.leftovers() == []


def test_the_same_command_goes_on_where_checkpoints_are_lost_too(
    shop: Shop, postgres: Postgres
) -> None:
    shop.space("slow", trials=4)
    flags = ["--set", f"resources.ledger={postgres.address}", "--set", "resources.concurrent=2"]
    driver = shop.start("run", "toy.yaml", *flags)
    shop.wait_for(lambda records: sum(r.epoch for r in records) >= 6)
    _lose(shop, driver)
    code, said = shop.run("run", "toy.yaml", *flags)
    assert code == 0, said
    assert "train up to there once more" in " ".join(said.split())
    assert len(shop.records()) == 4
    shop.agrees()

    postgres.stop()
    code, refusal = shop.run("resume", "toy", "--trials", "5")
    assert code == 2
    assert "`sweeper resume toy --ledger none` goes on without a copy" in " ".join(refusal.split())
    code, alone = shop.run("resume", "toy", "--trials", "5", "--ledger", "none")
    postgres.start()
    assert code == 0, alone
    assert len(shop.records()) == 5
    _no_secret(shop, said, refusal, alone)


def test_a_database_that_is_away_for_a_while_costs_nothing(shop: Shop, postgres: Postgres) -> None:
    shop.space("slow", trials=10)
    flags = ["--set", f"resources.ledger={postgres.address}", "--set", "resources.concurrent=2"]
    driver = shop.start("run", "toy.yaml", *flags)
    shop.wait_for(lambda records: len(records) >= 2)
    postgres.stop()
    sweeps, old = shop.folder / "sweeps", shop.folder / "old"
    shutil.copytree(sweeps, old)
    wait_until(lambda: bool(_status(shop)["copy"]["trouble"]))
    assert "behind since" in shop.run("status", "toy")[1]
    begun = len(shop.records())
    shop.wait_for(lambda records: len(records) > begun)  # no trial waits
    postgres.start()
    said, _ = driver.communicate(timeout=120)
    assert driver.returncode == 0, said
    assert _status(shop)["copy"] == {"address": postgres.address, "trouble": ""}
    shop.agrees()
    assert shop.run("resume", "tox", "--ledger", postgres.address)[1].count("did you mean 'toy'")
    there = SweepPaths(shop.folder / "there/toy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        restore(there, postgres.address)
    for path in there.root.iterdir():
        assert path.read_bytes() == (sweeps / "toy" / path.name).read_bytes(), path

    (sweeps / "toy").rename(shop.folder / "new")
    (old / "toy").rename(sweeps / "toy")
    code, refusal = shop.run("resume", "toy", "--trials", "12")
    assert code == 2
    assert "`sweeper resume toy --ledger postgresql://" in " ".join(refusal.split())
    code, refusal = shop.run("resume", "toy", "--ledger", "postgresql://me:secret@db.lab/sweeps")
    assert code == 2
    assert "~/.pgpass" in refusal
    assert "secret" not in refusal
    _no_secret(shop, said, refusal)


def test_what_the_copy_lacks_at_the_end_is_brought_later_and_mlflow_waits_for_it(
    shop: Shop, postgres: Postgres
) -> None:
    shop.space("slow", trials=4)
    driver = shop.start("run", "toy.yaml", "--set", f"resources.ledger={postgres.address}")
    shop.wait_for(lambda records: len(records) > 0)
    postgres.stop()
    said, _ = driver.communicate(timeout=120)
    assert driver.returncode == 0, said
    assert "MLflow waits for it; `sweeper sync toy` brings the rest" in " ".join(said.split())
    found = _status(shop)
    assert found["copy"]["trouble"].startswith("behind since")
    assert found["mlflow"]["events_behind"] > 0
    assert all_ended(shop.records(), 4)
    code, refusal = shop.run("sync", "toy")
    assert code == 2, refusal
    postgres.start()
    code, said = shop.run("sync", "toy")
    assert code == 0, said
    assert "MLflow has everything" in said
    assert _status(shop)["copy"]["trouble"] == ""
    shop.agrees()


def test_a_driver_that_was_cut_off_leaves_the_sweep_to_the_one_that_has_it_now(
    shop: Shop, postgres: Postgres
) -> None:
    shop.space("gated", trials=4)
    flags = ["--set", f"resources.ledger={postgres.address}", "--set", "resources.concurrent=2"]
    elsewhere = ["--ledger", postgres.address, "--sweeps", "elsewhere"]
    first = shop.start("run", "toy.yaml", *flags)
    shop.wait_for(lambda records: [r.epoch for r in records] == [1, 1])
    wait_until(lambda: _status(shop)["mlflow"]["events_behind"] == 0)
    code, said = shop.run("resume", "toy", *elsewhere)
    assert code == 2
    assert f"is being run by process {first.pid} on" in " ".join(said.split())
    assert not (shop.folder / "elsewhere/toy").exists()

    first.send_signal(signal.SIGSTOP)
    postgres.stop()  # the lock goes with the connection
    postgres.start()
    second = shop.start("resume", "toy", *elsewhere)
    there = SweepPaths(shop.folder / "elsewhere/toy")
    wait_until(lambda: there.history.exists() and read_history(there.history).sessions == 2)
    first.send_signal(signal.SIGCONT)
    said, _ = first.communicate(timeout=120)
    assert first.returncode == 130, said
    taken = f"process {second.pid} on {socket.gethostname()} has taken the sweep over"
    assert taken in " ".join(said.split())
    assert {r.state for r in shop.records()} == {TrialState.INTERRUPTED}
    (shop.folder / "go").touch()
    said, _ = second.communicate(timeout=120)
    assert second.returncode == 0, said
    shutil.rmtree(shop.folder / "sweeps")
    (shop.folder / "elsewhere").rename(shop.folder / "sweeps")
    assert all_ended(shop.records(), 4)
    shop.agrees()


def _status(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shop.run("status", "toy", "--json")[1])
    return found
