"""A real tracking server that is slow to answer, goes away and comes back."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server import PATIENCE, Server, free_port, wait_until
from sweeper.errors import TrackingError
from sweeper.tracker.mirror import Mirror
from sweeper.tracker.thread import MirrorThread


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("server"), free_port())
    made.start()
    yield made
    made.stop()


@pytest.fixture
def mirror(server: Server, story: Any) -> Iterator[Mirror]:
    with Mirror(story.paths.root, story.sweep, server.uri, facts=story.facts) as made:
        yield made


def test_a_sweep_on_a_server(
    server: Server, mirror: Mirror, story: Any, see_at: Any, tmp_path: Path
) -> None:
    import mlflow

    thread = MirrorThread(mirror, interval=0.1)
    thread.start()
    story.session()
    story.start(0)
    for _ in range(3):
        story.epoch(0)
    story.files(0)
    story.end(0, "complete", 5.0)
    mirror.set_description("**Verdict**")
    story.session_end()
    assert thread.close(PATIENCE), thread.status
    seen = see_at(server.uri, story)
    assert seen.trials[0].points == story.points[0]
    assert (seen.trials[0].status, seen.parent.status) == ("FINISHED", "FINISHED")
    assert seen.parent.tags["mlflow.note.content"] == "**Verdict**"
    assert mirror.parent_url == (
        f"{server.uri}/#/experiments/{mirror.experiment_id}/runs/{seen.parent.id}"
        "?workflowType=machine_learning"
    )
    client = mlflow.MlflowClient(server.uri)
    copy = client.download_artifacts(seen.trials[0].id, "best.ckpt", str(tmp_path))
    assert Path(copy).read_text() == "best.ckpt of 0"


def test_requests_whose_answers_never_came(
    server: Server, mirror: Mirror, story: Any, see_at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frozen server has the requests and carries them out after the mirror gave up."""
    mirror.open()
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    story.session()
    for trial in (0, 1):
        story.start(trial)
        story.epoch(trial)
        server.send(signal.SIGSTOP)
        try:
            with pytest.raises(TrackingError, match="no answer in time"):
                mirror.sync()
        finally:
            server.send(signal.SIGCONT)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")
    mirror.sync()
    mirror.finish()
    seen = see_at(server.uri, story)
    assert {n: run.points for n, run in seen.trials.items()} == story.points


def test_a_server_that_goes_away_and_comes_back(
    server: Server, mirror: Mirror, story: Any, see_at: Any
) -> None:
    thread = MirrorThread(mirror, interval=0.05, longest=0.2)
    thread.start()
    story.session()
    story.start(0)
    story.epoch(0)
    assert thread.flush(PATIENCE), thread.status
    server.stop()
    story.epoch(0)
    story.files(0)
    story.end(0, "complete", 5.0)
    story.start(1)
    story.epoch(1)
    wait_until(lambda: "Connection refused" in thread.status.error)
    assert not thread.flush(0.5)
    status = thread.status
    assert (status.behind, status.owed) == (4, 0)
    assert str(status).startswith("MLflow is 4 events and 0 uploads behind since ")
    story.interrupt(1)
    server.start()
    story.start(1)
    story.epoch(1)
    story.end(1, "pruned", 5.0)
    story.session_end()
    assert thread.close(PATIENCE), thread.status
    assert str(thread.status) == "MLflow up to date"
    seen = see_at(server.uri, story)
    assert {n: run.points for n, run in seen.trials.items()} == story.points
    assert [seen.trials[n].status for n in (0, 1)] == ["FINISHED", "KILLED"]
    assert seen.parent.status == "FINISHED"


def test_a_server_that_never_was(story: Any, see: Any, sqlite_uri: str) -> None:
    """Trials go on, the end of the sweep is not held up, and a later session ships it all."""
    nowhere = f"http://mina:secret@127.0.0.1:{free_port()}"
    with Mirror(story.paths.root, story.sweep, nowhere, facts=story.facts) as mirror:
        thread = MirrorThread(mirror, interval=0.05, longest=0.1)
        thread.start()
        story.session()
        story.start(0)
        story.epoch(0)
        mirror.set_description("late")
        wait_until(lambda: bool(thread.status.error))
        began = time.monotonic()
        assert not thread.close(0.5)
        assert time.monotonic() - began < PATIENCE
        assert "Connection refused" in str(thread.status)
        assert "secret" not in str(thread.status)
        assert (thread.status.behind, thread.status.owed) == (3, 1)
        assert mirror.parent_run_id is None
    with Mirror(story.paths.root, story.sweep, sqlite_uri, facts=story.facts) as mirror:
        mirror.sync()
        mirror.settle()
    seen = see(story)
    assert seen.trials[0].points == story.points[0]
    assert seen.parent.tags["mlflow.note.content"] == "late"
