"""The mirror in the background: always there, never in the way."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from server import wait_until
from sweeper.errors import TrackingError
from sweeper.tracker.mirror import Mirror
from sweeper.tracker.store import Store
from sweeper.tracker.thread import MirrorStatus, MirrorThread

PATIENCE = 60.0


def test_it_ships_while_the_story_goes_on(story: Any, see: Any, sqlite_uri: str) -> None:
    with Mirror(story.paths.root, story.sweep, sqlite_uri, facts=story.facts) as mirror:
        thread = MirrorThread(mirror, interval=0.02)
        thread.start()
        story.session()
        for trial in range(3):
            story.start(trial)
            for _ in range(4):
                story.epoch(trial)
            assert thread.flush(PATIENCE)
            assert thread.status == MirrorStatus(0, 0, None, "")
            assert see(story).trials[trial].points == story.points[trial]
            story.end(trial, "complete", 5.0)
        story.session_end()
        assert thread.close(PATIENCE)
    assert see(story).parent.status == "FINISHED"


def test_whatever_goes_wrong_is_only_told(story: Any, see: Any, sqlite_uri: str) -> None:
    class Moody(Store):
        """Fails in ways nobody has thought of, until it is told not to."""

        moods = iter([RuntimeError("what is this?"), OSError(28, "No space left on device")])

        def log(self, *args: Any, **options: Any) -> None:
            for mood in self.moods:
                raise mood
            super().log(*args, **options)

    told: list[str] = []
    with Mirror(
        story.paths.root, story.sweep, sqlite_uri, facts=story.facts, connect=Moody.connect
    ) as mirror:
        thread = MirrorThread(mirror, interval=0.02)
        sync = mirror.sync

        def watched(*args: Any) -> None:
            try:
                sync(*args)
            except Exception as error:
                told.append(str(error))
                raise

        mirror.sync = watched  # type: ignore[method-assign]
        thread.start()
        story.start(0)
        story.epoch(0)
        assert thread.flush(PATIENCE)
        assert thread.status.error == ""
        assert thread.close(PATIENCE)
    assert len(told) == 2
    assert "what is this?" in told[0]
    assert "No space left on device" in told[1]
    assert see(story).trials[0].points == story.points[0]


def test_closing_does_not_wait_for_a_store_that_hangs(story: Any, sqlite_uri: str) -> None:
    hangs, go_on = threading.Event(), threading.Event()

    class Hanging(Store):
        def create(self, *_: Any) -> str:
            hangs.set()
            go_on.wait(PATIENCE)
            raise TrackingError("gave up")

    with Mirror(
        story.paths.root, story.sweep, sqlite_uri, facts=story.facts, connect=Hanging.connect
    ) as mirror:
        thread = MirrorThread(mirror)
        thread.start()
        story.start(0)
        assert hangs.wait(PATIENCE)
        mirror.set_description("does not wait either")
        before = thread.status.late
        assert not thread.close(0.2)
        assert thread.status.late > before
        assert (thread.status.behind, thread.status.owed) == (1, 1)
    go_on.set()


def test_nothing_is_called_up_to_date_before_mlflow_has_answered(
    story: Any, sqlite_uri: str
) -> None:
    away = [True]

    def connect(uri: str | None) -> Store:
        if away:
            raise TrackingError("Connection refused")
        return Store.connect(uri)

    with Mirror(
        story.paths.root, story.sweep, sqlite_uri, facts=story.facts, connect=connect
    ) as mirror:
        thread = MirrorThread(mirror, interval=0.02)
        assert str(thread.status) == "MLflow not connected yet"
        thread.start()
        # given up for the error, which comes while this waits
        assert not thread.flush(PATIENCE, with_errors=0.0)
        assert (thread.status.error, thread.status.connected) == ("Connection refused", False)
        away.clear()
        assert thread.flush(PATIENCE, with_errors=PATIENCE)
        assert str(thread.status) == "MLflow up to date"
        assert thread.close(PATIENCE)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (MirrorStatus(0, 0, None, "", connected=False), "MLflow not connected yet"),
        (MirrorStatus(0, 0, None, ""), "MLflow up to date"),
        (MirrorStatus(3, 1, None, "", late=2.0), "MLflow up to date"),
        (MirrorStatus(0, 0, None, "", late=600.0), "MLflow up to date"),
        (MirrorStatus(3, 0, None, "", late=30.0), "MLflow is catching up"),
        (
            MirrorStatus(1, 2, 0.0, "MLflow at http://x: Connection refused"),
            "MLflow is 1 event and 2 uploads behind since ",
        ),
    ],
)
def test_the_status_reads_well(status: MirrorStatus, text: str) -> None:
    assert str(status).startswith(text)


def test_it_tells_again_and_again_while_all_is_well_and_nothing_hangs_on_that(
    story: Any, see: Any, sqlite_uri: str
) -> None:
    told: list[int] = []

    def tell() -> None:
        told.append(len(told))
        if len(told) == 2:
            raise RuntimeError("the page cannot be written")

    with Mirror(story.paths.root, story.sweep, sqlite_uri, facts=story.facts) as mirror:
        thread = MirrorThread(mirror, interval=0.02, tell=tell)
        thread.start()
        story.session()
        wait_until(lambda: len(told) > 3)
        assert thread.status.error == ""
        story.session_end()
        assert thread.close(PATIENCE)
    assert see(story).parent.status == "FINISHED"


@pytest.mark.parametrize("how", ["let_go", "flush", "close", "time"])
def test_it_holds_back_until_the_driver_has_time(
    story: Any, see: Any, sqlite_uri: str, how: str
) -> None:
    with Mirror(story.paths.root, story.sweep, sqlite_uri, facts=story.facts) as mirror:
        story.session()
        thread = MirrorThread(mirror, interval=0.02)
        thread.start(hold=0.5 if how == "time" else 1000.0)
        assert mirror.parent_run_id is None
        if how == "let_go":
            thread.let_go()
        elif how == "flush":
            assert thread.flush(PATIENCE)
        if how != "close":
            wait_until(lambda: mirror.parent_run_id is not None)
        assert thread.close(PATIENCE)
    assert see(story).parent.status == "RUNNING"
