"""One sweep for all tests of pages, also where several processes run them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import browser
from server import Server, free_port
from shop import Shop
from ui_site import Site, made_once, run_sweep


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sweep is."""
    base = tmp_path_factory.getbasetemp()
    # workers of pytest-xdist have folders of their own in one that they share
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "pages"
    with made_once(folder) as wanting:
        if wanting:
            run_sweep(folder)
    return folder


@pytest.fixture(scope="session")
def site(folder: Path) -> Iterator[Site]:
    server, shop = Server(folder, free_port()), Shop(folder)
    server.start()
    runs = shop.runs()
    (parent,) = runs.parents
    with browser() as chromium:
        yield Site(shop, server.uri, parent.info.experiment_id, parent, runs.children, chromium)
    server.stop()
    shop.close()
