"""Killed at any point, answers lost at any point: no point twice, none missing, one run a trial."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweeper.errors import TrackingError
from sweeper.ledger.files import LineLog
from sweeper.tracker.mirror import Mirror
from sweeper.tracker.store import Store

# what changes MLflow; an accident during anything else leaves it as the step before did
WRITES = ("create_run", "log_batch", "log_inputs", "set_terminated", "update_run", "log_text")


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the mirror's own code runs after it."""


class Fuse:
    """Burns through after a number of steps."""

    def __init__(self, steps: int, bang: Callable[[], BaseException]) -> None:
        self._left = steps
        self._bang = bang
        self.spent = False

    def step(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.spent = True
            raise self._bang()


class FusedClient:
    """MLflow's client, whose answers to writes are steps of the fuse, after the real call."""

    def __init__(self, client: Any, fuse: Fuse) -> None:
        self._client = client
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            answer = method(*args, **kwargs)
            if name in WRITES:
                self._fuse.step()
            return answer

        return call


class FusedStore(Store):
    """Runs that are written past the client are a step of its fuse, too."""

    def __init__(self, client: Any, fuse: Fuse, uri: str) -> None:
        fused: Any = FusedClient(client, fuse)
        super().__init__(fused, uri)
        self._fuse = fuse

    def create_whole(self, sibling: str, runs: Any) -> Any:
        made = super().create_whole(sibling, runs)
        if made is not None:
            self._fuse.step()
        return made


class FusedLog(LineLog):
    """The mirror's own log, whose lines are steps of the fuse, after they are written."""

    fuse: Fuse | None = None

    def append(self, *entries: Any, sync: bool = True) -> None:
        super().append(*entries, sync=sync)
        if self.fuse is not None:
            self.fuse.step()


def _lost_answer() -> BaseException:
    from mlflow.exceptions import MlflowException

    return MlflowException("API request failed with timeout exception")


def _chapters(story: Any) -> list[Callable[[Mirror], None]]:
    """A sweep of three trials and two sessions, and what the driver asks the mirror for."""

    def first(_: Mirror) -> None:
        story.session()
        story.start(0)
        story.start(1)
        story.epoch(0, 4.0)
        story.epoch(1, 3.0)

    def second(_: Mirror) -> None:
        story.epoch(0, 5.0)
        story.files(0)
        story.end(0, "complete", 5.0, best_epoch=2)
        story.interrupt(1)
        story.session_end("cancelled")

    def third(mirror: Mirror) -> None:
        story.session(2)
        story.start(1)
        story.epoch(1, 2.0)
        story.end(1, "pruned", 3.0)
        story.session_end()
        mirror.set_description("done")

    return [first, second, third]


def _ship(mirror: Mirror) -> None:
    mirror.sync()
    mirror.settle()
    mirror.finish()


def _check(story: Any, seen: Any, client: Any) -> None:
    query = f"tags.`sweeper.sweep_id` = '{story.sweep.sweep_id}'"
    experiment = client.get_run(seen.parent.id).info.experiment_id
    deleted_only = 2
    assert not client.search_runs([experiment], query, deleted_only), "a run was created twice"
    assert {n: run.points for n, run in seen.trials.items()} == story.points
    assert [seen.trials[n].status for n in (0, 1)] == ["FINISHED", "KILLED"]
    assert [seen.trials[n].tags["sweeper.state"] for n in (0, 1)] == ["complete", "pruned"]
    assert [seen.trials[n].params["seed"] for n in (0, 1)] == ["100", "101"]
    assert all(run.params["lr"] and run.datasets for run in seen.trials.values())
    assert {f.path for f in client.list_artifacts(seen.trials[0].id)} == {
        "best.ckpt",
        "enhanced.wav",
        "config.yaml",
        "train.log",
    }
    parent = seen.parent
    assert (parent.status, parent.params["sampler"]) == ("FINISHED", "tpe")
    assert parent.tags["mlflow.note.content"] == "done"
    assert {p: v for p, v in parent.points.items() if p[0] != "trials_running"} == {
        ("trials_complete", 1): 1,
        ("best_val_si_sdr", 1): 5.0,
        ("trials_pruned", 2): 1,
        ("best_val_si_sdr", 2): 5.0,
    }
    running = [v for p, v in sorted(parent.points.items()) if p[0] == "trials_running"]
    assert running == [1, 2, 1, 0, 1, 0]
    assert len(client.list_artifacts(parent.id)) == 3


@pytest.fixture
def file_uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """MLflow's file store keeps whatever it is sent.

    A database drops points that are repeated to the millisecond, and so would hide a mistake.
    """
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    return (tmp_path / "mlruns").as_uri()


@pytest.mark.parametrize(
    ("accident", "store", "stride"),
    [("killed", "file_uri", 1), ("answer lost", "file_uri", 1), ("killed", "sqlite_uri", 4)],
)
def test_at_every_point(
    accident: str,
    store: str,
    stride: int,
    request: pytest.FixtureRequest,
    make_story: Callable[[], Any],
    see_at: Callable[[str, Any], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The accident happens once in each sweep, ``stride`` steps later each time, up to the end."""
    import mlflow

    monkeypatch.setattr("sweeper.tracker.state.LineLog", FusedLog)
    uri = request.getfixturevalue(store)
    client = mlflow.MlflowClient(uri)
    steps, burnt = 1 - stride, True
    while burnt:
        steps += stride
        story = make_story()
        if accident == "killed":
            fuse = FusedLog.fuse = Fuse(steps, Killed)
        else:
            fuse, FusedLog.fuse = Fuse(steps, _lost_answer), None
        _tell(story, FusedStore(client, fuse, uri))
        _check(story, see_at(uri, story), client)
        burnt = fuse.spent
    assert steps > 20


def _tell(story: Any, store: Store) -> None:
    """Tell the story; a killed process is followed by another, an error by another attempt."""

    def begin() -> Mirror:
        return Mirror(story.paths.root, story.sweep, facts=story.facts, connect=lambda _: store)

    mirror = begin()
    for chapter in _chapters(story):
        steps = [chapter, _ship]
        while steps:
            try:
                steps[0](mirror)
                steps.pop(0)
            except Killed:
                mirror.close()
                mirror = begin()
                steps = [_ship]  # a killed driver's ledger has what it wrote
            except TrackingError:
                continue
    mirror.close()
