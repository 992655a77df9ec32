"""Files of trials in a real S3 server, and without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dry_runs import ONE, open_sweep
from store import ACCESS, Store
from sweeper.config import load
from sweeper.engine.conductor import Conductor
from sweeper.engine.storage import Storage, Upload
from sweeper.engine.trial_files import TrialFiles
from sweeper.errors import SweeperError
from sweeper.ledger.paths import SweepPaths
from sweeper.records import EpochReport, Trial, TrialState
from sweeper.trial import Outcome
from toy import write_space


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    pytest.importorskip("moto")
    for name, value in ACCESS.items():
        monkeypatch.setenv(name, value)
    made = Store()
    yield made
    made.close()


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_another_worker_finds_what_one_has_kept(store: Store, tmp_path: Path) -> None:
    storage = Storage(store.uri, "toy")
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    upload = Upload(storage, 3, first)
    _write(first, last="epoch 1", artifacts__a="sound")
    (first / "previous.ckpt").write_text("epoch 0")
    (first / ".half").write_text("half")
    upload()
    storage.bring(3, second, *storage.names(3))
    found = {str(p.relative_to(second)): p.read_text() for p in second.rglob("*") if p.is_file()}
    assert found == {"last": "epoch 1", "artifacts/a": "sound"}
    assert storage.names(4) == []  # a trial that has nothing yet
    storage.bring(4, second, "stop.json")


def test_only_what_is_new_is_kept_again(store: Store, tmp_path: Path) -> None:
    storage = Storage(store.uri, "toy")
    _write(tmp_path, there="from before")
    upload = Upload(storage, 0, tmp_path)
    _write(tmp_path, a="1", b="1")
    upload()
    assert store.names() == {"team/toy/trials/0000/a", "team/toy/trials/0000/b"}
    store.files.delete_file(f"{store.bucket}/team/toy/trials/0000/a")
    _write(tmp_path, b="longer")
    upload()
    assert store.names() == {"team/toy/trials/0000/b"}


def test_checkpoints_go_and_artifacts_stay(store: Store, tmp_path: Path) -> None:
    storage = Storage(store.uri, "toy")
    _write(tmp_path, artifacts__x="1")
    upload = Upload(storage, 0, tmp_path / "none")
    upload.folder = tmp_path
    (tmp_path / "last.ckpt").write_text("1")
    (tmp_path / "artifacts" / "best.ckpt").write_text("1")
    upload()
    assert set(storage.results(0)) == {"artifacts/x", "artifacts/best.ckpt"}
    storage.discard_checkpoints(0)
    assert (
        set(storage.names(0)) == set(storage.results(0)) == {"artifacts/x", "artifacts/best.ckpt"}
    )


@pytest.mark.slow
def test_a_trial_ends_though_the_store_is_gone(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = load(write_space(tmp_path, "valley"), [f"resources.storage={store.uri}"])
    with open_sweep(tmp_path, config) as ledger:
        ledger.begin_session("")
        conductor = Conductor(ledger, ONE)
        trial = conductor.next_trial()
        assert isinstance(trial, Trial)
        store.close()
        conductor.on_report(trial.number, EpochReport(1, {"score": 1.0}, 1.0))
        conductor.files.ask_to_stop(trial.number, TrialState.PRUNED, "enough")
        assert conductor.files.sign(trial.number) == {}
        conductor.on_outcome(trial.number, Outcome(TrialState.PRUNED, "enough"))
        assert ledger.record(trial.number).state is TrialState.PRUNED


def test_a_bucket_that_is_not_there_is_named(store: Store) -> None:
    Storage(store.uri, "toy").check()
    assert store.names() == set()
    wrong = store.uri.replace(store.bucket, "others")
    with pytest.raises(SweeperError, match="cannot write to s3://others/team"):
        Storage(wrong, "toy").check()


def test_a_ledger_that_is_a_moment_older_gets_the_store_it_had(
    store: Store, tmp_path: Path
) -> None:
    storage, here = Storage(store.uri, "toy"), SweepPaths(tmp_path / "here")
    for number in range(5):
        folder = tmp_path / str(number)
        _write(folder, artifacts__sound=f"of {number}")
        (folder / "stop.json").write_text("{}")
        (folder / "last.ckpt").write_text("1")
        for name in ("artifacts/sound", "stop.json", "last.ckpt"):
            storage.keep(number, folder, name)
    here.trial(1).mkdir(parents=True)  # its files have been brought
    TrialFiles(here, storage).adopt(ended={0, 1}, unfinished={2, 3})
    sound = here.trial(0) / "artifacts/sound"
    assert sound.read_text() == "of 0"
    assert list(here.trial(1).iterdir()) == []
    assert set(storage.names(2)) == {"artifacts/sound", "last.ckpt"}  # may be asked to stop again
    assert storage.names(4) == []  # the ledger does not know it: another gets its number


def test_the_files_of_another_sweep_with_the_name_are_no_trials_of_this_one(
    store: Store, tmp_path: Path
) -> None:
    storage = Storage(store.uri, "toy")
    for number in range(3):
        _write(tmp_path / str(number), artifacts__sound="1")
        storage.keep(number, tmp_path / str(number), "artifacts/sound")
    files = TrialFiles(SweepPaths(tmp_path / "here"), storage)
    files.refuse_others({0, 1, 2, 3})
    with pytest.raises(SweeperError, match="has 2 trials of another sweep named toy"):
        files.refuse_others({0})
    assert storage.trials() == [0, 1, 2]
    TrialFiles(files.paths, None).refuse_others(())
