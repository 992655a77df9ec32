"""Sweeps that are mirrored to MLflow on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from postgres import PASSWORD, Postgres, served
from server import Server, free_port

if TYPE_CHECKING:
    from shop import Shop

pytestmark = pytest.mark.slow


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with served() as made:
        yield made


@pytest.mark.parametrize("by_server", [True, False])
def test_mlflow_has_there_what_it_has_in_a_file(
    shop: Shop, postgres: Postgres, tmp_path: Path, by_server: bool
) -> None:
    shop.space("valley", trials=6)
    flags = ["--set", "resources.concurrent=1"]
    assert shop.run("run", "toy.yaml", *flags)[0] == 0
    ways = [(r.params, r.state, r.epoch) for r in shop.records()]
    in_file = shop.agrees().histories
    (shop.folder / "sweeps").rename(shop.folder / "before")
    server = Server(shop.folder, free_port(), postgres.uri) if by_server else None
    if server:
        server.start()
    try:
        shop.variables["MLFLOW_TRACKING_URI"] = server.uri if server else postgres.uri
        code, said = shop.run("run", "toy.yaml", *flags)
        assert code == 0, said
        runs = shop.agrees()
    finally:
        if server:
            server.stop()
    assert [(r.params, r.state, r.epoch) for r in shop.records()] == ways
    assert {n: keys.keys() for n, keys in runs.histories.items()} == {
        n: keys.keys() for n, keys in in_file.items()
    }
    assert PASSWORD not in said
    for path in (shop.folder / "sweeps").rglob("*"):
        if path.is_file():
            assert PASSWORD.encode() not in path.read_bytes(), path
    for run in [*runs.parents, *runs.children]:
        assert PASSWORD not in repr(run.to_dictionary())
