"""Sweeps whose ledger has a copy in PostgreSQL: the driver's machine is lost, the sweep goes on."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from postgres import PASSWORD, Postgres, served
from store import ACCESS, Store

if TYPE_CHECKING:
    import subprocess

    from shop import Shop

pytestmark = pytest.mark.slow


@pytest.fixture
def postgres(shop: Shop) -> Iterator[Postgres]:
    with served() as made:
        shop.variables["PGPASSWORD"] = PASSWORD
        yield made


@pytest.fixture
def store(shop: Shop) -> Iterator[Store]:
    pytest.importorskip("moto")
    made = Store()
    shop.variables |= ACCESS
    yield made
    made.close()


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
