"""The collector of garbage, kept quiet."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweeper.garbage import first_import, without_collections


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    assert gc.isenabled()
    yield
    gc.enable()


def test_it_is_quiet_until_the_last_one_is_done() -> None:
    with without_collections():
        with without_collections():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_quiet_for_one_thread_while_another_comes_and_goes() -> None:
    within, done = threading.Event(), threading.Event()

    def other() -> None:
        with without_collections():
            within.set()
            done.wait(60)

    thread = threading.Thread(target=other)
    with without_collections():
        thread.start()
        assert within.wait(60)
    assert not gc.isenabled()
    done.set()
    thread.join()
    assert gc.isenabled()


def test_where_it_was_off_it_stays_off() -> None:
    gc.disable()
    with without_collections():
        pass
    assert not gc.isenabled()


_IMPORT = """
import gc
from sweeper.garbage import first_import
searches = []
gc.callbacks.append(lambda phase, info: phase == "start" and searches.append(info["generation"]))
with first_import("heap"):
    import heap
frozen = gc.get_freeze_count()
gc.collect()
print(searches == [2], frozen > 100_000, gc.isenabled())
with first_import("heap"):
    pass
print(gc.get_freeze_count() == frozen)
"""


def test_what_a_first_import_makes_is_never_looked_at(tmp_path: Path) -> None:
    (tmp_path / "heap.py").write_text("made = [[] for _ in range(100_000)]\n")
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True"] * 4


def test_a_module_that_is_there_is_imported_as_ever() -> None:
    frozen = gc.get_freeze_count()
    with first_import("sys"):
        assert gc.isenabled()
    assert gc.get_freeze_count() == frozen
