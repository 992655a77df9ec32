"""Runs written at once hold what MLflow's own calls would have written, or are left to those."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sweeper.errors import TrackingError
from sweeper.tracker import whole_runs
from sweeper.tracker.mirror import Mirror
from sweeper.tracker.place import sqlite_file
from sweeper.tracker.store import Store
from sweeper.tracker.whole_runs import insert_runs, is_plain
from sweeper.tracker.writes import Birth, Point, RunWrites, Status

PLAIN = RunWrites(
    birth=Birth("0007 lr=1.2e-3", 1000),
    params={"lr": "0.0012", "seed": "7"},
    points=[
        Point("val_si_sdr", 5.25, 3000, 2),
        Point("val_si_sdr", 4.5, 2000, 1),
        Point("val_si_sdr", 4.5, 2000, 1),  # again
        Point("epoch", 2, 3000, 2),
        Point("tie", 1.0, 3000, 2),
        Point("tie", 9.0, 3000, 2),
        Point("tie", 9.5, 2999, 2),
        Point("smallest", 5e-324, 0, -1),
    ],
    tags={"mlflow.user": "mina", "sweeper.trial": "7", "long": "x" * 9000, "empty": ""},
    status=Status("FINISHED", 4000),
)
CASES = {
    "finished": PLAIN,
    "stopped": replace(PLAIN, status=Status("KILLED", 4000)),
    "running": replace(PLAIN, status=None),
    "running again": replace(PLAIN, status=Status("RUNNING", 5000)),
    "bare": RunWrites(birth=Birth("0000", 1)),
}


@pytest.fixture
def store(sqlite_uri: str) -> Store:
    return Store.connect(sqlite_uri)


@pytest.fixture
def file(sqlite_uri: str) -> Path:
    found = sqlite_file(sqlite_uri)
    assert found is not None
    return found


@pytest.fixture
def experiment(store: Store) -> str:
    return store.experiment("whole")


@pytest.fixture
def sibling(store: Store, experiment: str) -> str:
    return store.create(experiment, Birth("parent", 1), {})


def _rows(file: Path, run_id: str) -> dict[str, list[tuple[Any, ...]]]:
    """All that the database has of a run, by table, whatever tables there are."""
    with closing(sqlite3.connect(file)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name: found for (name,) in tables if (found := _of(database, name, run_id))}


def _of(database: sqlite3.Connection, table: str, run_id: str) -> list[tuple[Any, ...]]:
    found = (row for row in database.execute(f"SELECT * FROM {table}") if run_id in row)
    hidden = (
        tuple(v.replace(run_id, "ID") if isinstance(v, str) else v for v in row) for row in found
    )
    return sorted(hidden, key=repr)


def _one_by_one(store: Store, experiment: str, writes: RunWrites) -> str:
    assert writes.birth is not None
    run_id = store.create(experiment, writes.birth, writes.tags)
    store.log(run_id, writes.points, writes.params)
    if writes.status:
        store.set_status(run_id, writes.status)
    return run_id


@pytest.mark.parametrize("name", CASES)
def test_the_database_has_what_mlflow_would_have_written(
    store: Store, file: Path, experiment: str, sibling: str, name: str
) -> None:
    """Where this fails, MLflow writes runs in another way now: `whole_runs` must follow, or go."""
    theirs = _one_by_one(store, experiment, CASES[name])
    ours, other = store.create_whole(sibling, [CASES[name], PLAIN]) or ("", "")
    assert _rows(file, ours) == _rows(file, theirs)
    assert _rows(file, other) == _rows(file, _one_by_one(store, experiment, PLAIN))


def test_mlflow_goes_on_with_such_a_run(
    store: Store, sibling: str, client: Any, tmp_path: Path
) -> None:
    (run_id,) = store.create_whole(sibling, [CASES["running"]]) or [""]
    (tmp_path / "train.log").write_text("epoch 1\n")
    store.log(run_id, [Point("val_si_sdr", 6.0, 5000, 3)], tags={"sweeper.trial": "8"})
    store.upload(run_id, tmp_path / "train.log")
    store.set_status(run_id, Status("FINISHED", 6000))
    run = client.get_run(run_id)
    assert (run.data.metrics["val_si_sdr"], run.data.metrics["tie"]) == (6.0, 9.0)
    assert (run.data.tags["sweeper.trial"], run.info.status) == ("8", "FINISHED")
    assert run.info.artifact_uri.endswith(f"/{run_id}/artifacts")
    assert [file.path for file in client.list_artifacts(run_id)] == ["train.log"]


@pytest.mark.parametrize(
    "writes",
    [
        replace(PLAIN, birth=None),
        *(
            replace(PLAIN, points=[PLAIN.points[0], point])
            for point in (
                Point("x", math.nan, 1, 1),
                Point("x", math.inf, 1, 1),
                Point("x", 1.0, -1, 1),
                Point("x", 1.0, 10**30, 1),
                Point("x", 1.0, 1, 2**63),
            )
        ),
    ],
)
def test_what_mlflow_changes_or_refuses_is_not_plain(writes: RunWrites) -> None:
    assert is_plain(PLAIN)
    assert not is_plain(writes)


def test_one_that_cannot_be_stored_holds_back_all(
    store: Store, sibling: str, client: Any, experiment: str
) -> None:
    before = len(client.search_runs([experiment], max_results=5000))
    for value in ("\ud800", None):
        unstorable: Any = {"lr": value}
        assert store.create_whole(sibling, [PLAIN, replace(PLAIN, params=unstorable)]) is None
    assert len(client.search_runs([experiment], max_results=5000)) == before


def test_a_store_with_other_columns_is_left_to_mlflow(
    store: Store, file: Path, sibling: str, tmp_path: Path
) -> None:
    copy = tmp_path / "mlflow.db"
    copy.write_bytes(file.read_bytes())
    assert insert_runs(copy, sibling, [PLAIN]) is not None
    with closing(sqlite3.connect(copy)) as database:
        database.execute("ALTER TABLE latest_metrics ADD COLUMN dataset TEXT")
    before = copy.read_bytes()
    assert insert_runs(copy, sibling, [PLAIN]) is None
    assert copy.read_bytes() == before


def test_without_a_sibling_that_tells_the_rest_it_is_left_to_mlflow(
    store: Store, file: Path, experiment: str, tmp_path: Path
) -> None:
    assert store.create_whole("0" * 32, [PLAIN]) is None
    gone = store.create(experiment, Birth("parent", 1), {})
    store.delete(gone)
    assert store.create_whole(gone, [PLAIN]) is None
    elsewhere = store.create(experiment, Birth("parent", 1), {})
    copy = tmp_path / "mlflow.db"
    copy.write_bytes(file.read_bytes())
    with closing(sqlite3.connect(copy)) as database, database:
        database.execute("UPDATE runs SET artifact_uri = '/a' WHERE run_uuid = ?", (elsewhere,))
    assert insert_runs(copy, elsewhere, [PLAIN]) is None


@pytest.mark.parametrize("uri", ["http://127.0.0.1:1", "file:///nowhere", "sqlite:////x?vfs=unix"])
def test_other_stores_are_left_to_mlflow(uri: str) -> None:
    client: Any = None
    assert Store(client, uri).create_whole("0" * 32, [PLAIN]) is None


@pytest.fixture
def locked(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(whole_runs, "_WAIT_SECONDS", 0.05)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_a_locked_database_is_an_error(store: Store, sibling: str, locked: None) -> None:
    with pytest.raises(TrackingError, match="locked"):
        store.create_whole(sibling, [PLAIN])


def test_a_database_that_is_gone_is_an_error_and_not_made_anew(tmp_path: Path) -> None:
    client: Any = None
    store = Store(client, f"sqlite:///{tmp_path}/mlflow.db")
    with pytest.raises(TrackingError, match="unable to open"):
        store.create_whole("0" * 32, [PLAIN])
    assert not list(tmp_path.iterdir())


class _Counting(Store):
    made = 0

    def create(self, experiment_id: str, birth: Birth, tags: Any) -> str:
        self.made += 1
        return super().create(experiment_id, birth, tags)


def test_the_mirror_writes_new_trials_at_once_and_others_by_mlflows_calls(
    sqlite_uri: str, story: Any, see: Any
) -> None:
    story.start(0)
    story.epoch(0, 5.0)
    story.end(0, "complete", 5.0)
    story.start(1)
    story.epoch(1, 4.0)
    story.start(2)
    story.epoch(2, 3.0, val_loss=math.inf)
    store = _Counting.connect(sqlite_uri)
    with Mirror(
        story.paths.root, story.sweep, facts=story.facts, connect=lambda _: store
    ) as mirror:
        mirror.sync()
        assert store.made == 2, "the parent, and the one with an infinite value"
        story.epoch(1, 6.0)
        mirror.sync()
        assert store.made == 2
    seen = see(story)
    assert {n: seen.trials[n].points for n in (0, 1)} == {n: story.points[n] for n in (0, 1)}
    assert [seen.trials[n].status for n in range(3)] == ["FINISHED", "RUNNING", "RUNNING"]
    assert seen.trials[2].points[("val_loss_epoch", 1)] > 1e308
    assert all(run.datasets for run in seen.trials.values())
