"""A sweep in a real MLflow database: everything is there, once, and says the truth."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sweeper.errors import TrackingError
from sweeper.tracker.mirror import Mirror
from sweeper.tracker.store import Store, WriteRefusedError


@pytest.fixture
def mirror(sqlite_uri: str, story: Any) -> Iterator[Mirror]:
    with Mirror(story.paths.root, story.sweep, sqlite_uri, facts=story.facts) as made:
        yield made


@pytest.fixture
def again(sqlite_uri: str) -> Iterator[Callable[[Any], Mirror]]:
    """Mirrors of a story as later processes make them."""
    with contextlib.ExitStack() as stack:

        def make(story: Any, uri: str = sqlite_uri) -> Mirror:
            mirror = Mirror(story.paths.root, story.sweep, uri, facts=story.facts)
            return stack.enter_context(mirror)

        yield make


def _all(mirror: Mirror) -> None:
    mirror.sync()
    mirror.settle()


def test_a_whole_sweep(mirror: Mirror, story: Any, see: Any, client: Any) -> None:
    story.session()
    story.start(0)
    story.epoch(0, 5.0)
    _all(mirror)
    seen = see(story)
    assert (seen.parent.status, seen.trials[0].status) == ("RUNNING", "RUNNING")
    assert seen.trials[0].points == story.points[0]

    story.start(1)
    story.epoch(1, 2.0)
    story.end(1, "pruned", 2.0)
    story.epoch(0, 6.0)
    story.files(0)
    story.end(0, "complete", 6.0, best_epoch=2)
    story.start(2)
    story.end(2, "diverged")
    story.session_end("finished")
    _all(mirror)
    mirror.finish()

    seen = see(story)
    assert {n: run.points for n, run in seen.trials.items()} == {**story.points, 2: {}}
    assert [seen.trials[n].status for n in range(3)] == ["FINISHED", "KILLED", "FAILED"]
    assert [seen.trials[n].tags["sweeper.state"] for n in range(3)] == [
        "complete",
        "pruned",
        "diverged",
    ]
    first = seen.trials[0]
    assert first.name == "0000 lr=1.2e-3 batch_size=8"
    assert first.params == {
        "lr": "0.0012",
        "log10_lr": "-2.9208",
        "training.batch_size": "8",
        "model": "dprnn",
        "seed": "100",
    }
    assert (first.start, first.end) == (1001_000, 1007_000)
    assert first.times[("val_si_sdr", 2)] == 1006_000
    assert first.datasets == [("demo", "f" * 36)]
    assert {f.path for f in client.list_artifacts(first.id)} == {
        "best.ckpt",
        "enhanced.wav",
        "config.yaml",
        "train.log",
    }
    for run in (first, seen.parent):
        assert run.tags["mlflow.source.git.commit"] == "c0ffee"
        assert run.tags["mlflow.source.name"] == "search_spaces/dprnn.yaml"
        assert run.tags["mlflow.user"] == "mina"
        assert run.tags["sweeper.sweep"] == "dprnn"

    parent = seen.parent
    assert (parent.name, parent.status, parent.end) == ("dprnn", "FINISHED", 1010_000)
    assert parent.id == mirror.parent_run_id
    assert parent.params == {"sampler": "tpe", "lr": "float [1e-4, 3e-2] log"}
    assert parent.points[("best_val_si_sdr", 3)] == 6.0
    assert parent.points[("trials_running", 6)] == 0
    assert parent.datasets == [("demo", "f" * 36)]
    assert {f.path for f in client.list_artifacts(parent.id)} == {
        "config.yaml",
        "environment.txt",
        "code.diff",
    }
    experiment = client.get_experiment(mirror.experiment_id)
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert (mirror.behind, mirror.owed, mirror.remarks) == (0, 0, [])


def test_the_data_set_is_described_in_mlflows_words(
    mirror: Mirror, story: Any, client: Any
) -> None:
    from mlflow.types import DataType, Schema

    story.session()
    story.start(0)
    _all(mirror)
    for run_id in (mirror.parent_run_id, mirror.run_id(0)):
        (found,) = client.get_run(run_id).inputs.dataset_inputs
        assert json.loads(found.dataset.profile) == story.sweep.dataset.profile
        columns = json.loads(found.dataset.schema)["mlflow_colspec"]
        schema = Schema.from_json(json.dumps(columns))
        assert schema.input_names() == ["id", "noisy"]
        assert schema.input_types()[0] == DataType.string
        assert str(schema.input_types()[1]) == "Array(float)"


def test_a_torn_line_waits(mirror: Mirror, story: Any, see: Any) -> None:
    story.start(0)
    story.tear()
    _all(mirror)
    assert see(story).trials[0].points == {}
    with story.paths.history.open("a") as file:
        file.write(
            'ch","trial":0,"time":1001.0,"epoch":1,"metrics":{"val_si_sdr":4.0},"steps":{}}\n'
        )
    _all(mirror)
    assert see(story).trials[0].points == {("val_si_sdr", 1): 4.0}


def test_a_resumed_sweep_goes_on_in_the_same_runs(
    mirror: Mirror, story: Any, see: Any, again: Any
) -> None:
    story.session()
    story.start(0)
    story.epoch(0)
    story.interrupt(0)
    story.session_end("cancelled")
    _all(mirror)
    seen = see(story)
    assert (seen.parent.status, seen.trials[0].status) == ("KILLED", "KILLED")
    assert seen.trials[0].tags["sweeper.state"] == "interrupted"

    later = again(story)
    story.session(2)
    story.start(0)
    story.epoch(0)
    _all(later)
    resumed = see(story)
    assert (resumed.parent.status, resumed.trials[0].status) == ("RUNNING", "RUNNING")
    assert resumed.trials[0].id == seen.trials[0].id
    assert resumed.trials[0].tags["sweeper.attempt"] == "2"
    assert resumed.trials[0].points == story.points[0]


def test_settings_that_a_resume_changed_are_told(
    mirror: Mirror, story: Any, make_story: Any, see: Any, again: Any
) -> None:
    """MLflow's parameters cannot change: new values stand beside the old and say since when."""
    story.session()
    _all(mirror)
    identity = {"sweep_id": story.sweep.sweep_id, "experiment": story.sweep.experiment}
    later = [("gp", "48 trials"), ("gp", "60 trials"), ("qmc", "60 trials")]
    for number, (sampler, budget) in enumerate(later, start=2):
        settings = {"sampler": sampler, "pruner": "none"}
        changed = make_story(**identity, settings=settings, limits={"budget": budget})
        changed.paths = story.paths
        story.session(number)
        _all(again(changed))
        assert see(story).parent.tags["sweeper.budget"] == budget
    parent = see(story).parent
    new = {"sampler from session 2": "gp", "sampler from session 4": "qmc", "pruner": "none"}
    assert parent.params == {**story.sweep.settings, **new}
    assert parent.tags["sweeper.changed.sampler"] == "gp -> qmc"


def test_a_description_while_the_sweep_runs_leaves_nothing_behind(
    mirror: Mirror, story: Any, see: Any
) -> None:
    story.session()
    _all(mirror)
    size = story.paths.mirror.stat().st_size
    mirror.show_description("half-way")
    assert see(story).parent.tags["mlflow.note.content"] == "half-way"
    assert story.paths.mirror.stat().st_size == size
    mirror.set_description("verdict")
    mirror.settle()
    assert see(story).parent.tags["mlflow.note.content"] == "verdict"


def test_places_lead_to_what_is_there(mirror: Mirror, story: Any, see: Any) -> None:
    assert (mirror.view_place, mirror.run_place(0), mirror.artifact_place("x")) == (None,) * 3
    story.session()
    story.start(0)
    _all(mirror)
    seen, start = see(story), f"#/experiments/{mirror.experiment_id}/runs"
    query = "?workflowType=machine_learning"
    assert mirror.run_place(0) == f"{start}/{seen.trials[0].id}{query}"
    assert (
        mirror.artifact_place("a/b.html") == f"{start}/{seen.parent.id}/artifacts/a/b.html{query}"
    )
    assert mirror.run_place(1) is None
    assert mirror.view_place is not None
    assert mirror.view_place.startswith(start + query)


def test_the_summary_arrives(mirror: Mirror, story: Any, see: Any, client: Any) -> None:
    folder = story.paths.summary
    folder.mkdir()
    (folder / "region.png").write_bytes(b"png")
    mirror.log_parent_artifacts(folder, "summary")
    mirror.set_description("first")
    mirror.set_description("**Verdict:** lr in [1e-3, 3e-3]")
    assert mirror.owed == 2
    _all(mirror)
    parent = see(story).parent
    assert parent.tags["mlflow.note.content"] == "**Verdict:** lr in [1e-3, 3e-3]"
    assert [f.path for f in client.list_artifacts(parent.id, "summary")] == ["summary/region.png"]
    assert mirror.owed == 0
    mirror.log_parent_artifacts(story.paths.root / "gone")
    _all(mirror)
    assert mirror.owed == 0
    assert mirror.remarks == [f"{story.paths.root / 'gone'} is gone, so it was not uploaded"]


def test_wishes_and_uploads_outlive_the_process(
    mirror: Mirror, story: Any, see: Any, again: Any, client: Any
) -> None:
    story.start(0)
    story.files(0)
    story.end(0)
    mirror.sync()
    mirror.set_description("kept")
    _all(again(story))
    seen = see(story)
    assert seen.parent.tags["mlflow.note.content"] == "kept"
    assert len(client.list_artifacts(seen.trials[0].id)) == 4


def test_files_that_come_late_come(mirror: Mirror, story: Any, see: Any, client: Any) -> None:
    story.start(0)
    folder = story.files(0)
    story.end(0)
    _all(mirror)
    (folder / "train.log").write_text("epoch 1\nepoch 2\n")
    (folder / "artifacts" / "noisy.wav").write_text("late")
    newer = time.time_ns() + 10**9
    os.utime(folder / "train.log", ns=(newer, newer))
    mirror.finish()
    run = see(story).trials[0].id
    assert "noisy.wav" in {f.path for f in client.list_artifacts(run)}
    log = client.download_artifacts(run, "train.log", str(story.paths.root))
    assert Path(log).read_text() == "epoch 1\nepoch 2\n"


def test_a_rewind_fills_what_mlflow_lost(mirror: Mirror, story: Any, see: Any, client: Any) -> None:
    story.session()
    for trial in (0, 1):
        story.start(trial)
        story.epoch(trial)
        story.end(trial, "complete", 5.0)
    story.session_end()
    _all(mirror)
    before = see(story)
    client.update_run(before.trials[1].id, status="RUNNING")
    client.set_tag(before.trials[0].id, "sweeper.state", "nonsense")
    mirror.rewind()
    _all(mirror)
    after = see(story)
    assert after.trials[0].points == story.points[0]
    assert after.trials[0].tags == before.trials[0].tags
    assert after.trials[1].status == "FINISHED"
    assert after.parent.points == before.parent.points


def test_an_older_history_put_back_doubles_nothing(mirror: Mirror, story: Any, see: Any) -> None:
    story.start(0)
    story.epoch(0)
    older = story.paths.history.read_bytes()
    story.epoch(0)
    _all(mirror)
    story.paths.history.write_bytes(older)
    _all(mirror)
    assert see(story).trials[0].points == story.points[0]


def test_runs_that_wrongly_run_are_set_right_on_opening(
    mirror: Mirror, story: Any, see: Any, client: Any, again: Any
) -> None:
    story.session()
    for trial in (0, 1, 2):
        story.start(trial)
    story.end(0, "pruned")
    story.interrupt(1)
    _all(mirror)
    seen = see(story)
    for trial in (0, 1):
        client.update_run(seen.trials[trial].id, status="RUNNING")
    stray = client.create_run(
        mirror.experiment_id,
        tags={**seen.trials[2].tags, "mlflow.runName": "stray"},
    )
    again(story).open()
    after = see(story)
    assert [after.trials[n].status for n in range(3)] == ["KILLED", "KILLED", "RUNNING"]
    assert client.get_run(stray.info.run_id).info.lifecycle_stage == "deleted"


def test_a_trial_deleted_in_mlflow_is_left_alone(
    mirror: Mirror, story: Any, see: Any, client: Any
) -> None:
    for trial in (0, 1):
        story.start(trial)
    _all(mirror)
    client.delete_run(mirror.run_id(0))
    for trial in (0, 1):
        story.epoch(trial)
        story.files(trial)
        story.end(trial)
    _all(mirror)
    seen = see(story)
    assert list(seen.trials) == [1]
    assert seen.trials[1].points == story.points[1]
    assert mirror.remarks == ["trial 0: its run was deleted in MLflow; nothing is added to it"]
    assert (mirror.behind, mirror.owed) == (0, 0)


def test_a_deleted_parent_waits_for_its_restoration(
    mirror: Mirror, story: Any, see: Any, client: Any, again: Any
) -> None:
    story.start(0)
    _all(mirror)
    client.delete_run(mirror.parent_run_id)
    story.epoch(0)
    story.start(1)
    for made in (mirror, mirror, again(story)):
        with pytest.raises(TrackingError, match=f"runs restore --run-id {mirror.parent_run_id}"):
            _all(made)
    client.restore_run(mirror.parent_run_id)
    _all(mirror)
    assert see(story).trials[0].points == story.points[0]


def test_a_deleted_experiment_is_named_with_the_remedy(
    mirror: Mirror, story: Any, see: Any, client: Any, make_story: Any, again: Any
) -> None:
    story.start(0)
    _all(mirror)
    client.delete_experiment(mirror.experiment_id)
    other = make_story(experiment=story.sweep.experiment)
    with pytest.raises(TrackingError, match=f"restore --experiment-id {mirror.experiment_id}"):
        again(other).open()
    story.epoch(0)
    story.start(1)
    with pytest.raises(TrackingError, match="experiments restore"):
        _all(mirror)
    client.restore_experiment(mirror.experiment_id)
    _all(mirror)
    assert see(story).trials[0].points == story.points[0]


def test_a_lost_state_file_doubles_nothing(
    mirror: Mirror, story: Any, see: Any, again: Any
) -> None:
    story.session()
    for trial in (0, 1):
        story.start(trial)
        story.epoch(trial)
    story.end(0, value=5.0)
    _all(mirror)
    before = see(story)
    (story.paths.root / "mirror.jsonl").unlink()
    story.epoch(1)
    _all(again(story))
    after = see(story)
    assert {n: run.id for n, run in after.trials.items()} == {
        n: run.id for n, run in before.trials.items()
    }
    assert {n: run.points for n, run in after.trials.items()} == story.points


def test_another_store_gets_the_whole_sweep(
    mirror: Mirror, story: Any, see: Any, see_at: Any, again: Any, sqlite_uri: str, tmp_path: Path
) -> None:
    story.start(0)
    story.epoch(0)
    _all(mirror)
    # a copy of the database from before the sweep would do; one without this experiment is one
    other = f"sqlite:///{tmp_path}/other.db"
    _copy_without_experiments(sqlite_uri, other)
    with contextlib.chdir(tmp_path):
        _all(again(story, other))
    assert see_at(other, story).trials[0].points == story.points[0]
    story.epoch(0)
    _all(again(story))
    assert see(story).trials[0].points == story.points[0]


def _copy_without_experiments(uri: str, copy: str) -> None:
    import sqlite3

    source = sqlite3.connect(uri.removeprefix("sqlite:///"))
    target = sqlite3.connect(copy.removeprefix("sqlite:///"))
    source.backup(target)
    source.close()
    for table in ("latest_metrics", "metrics", "params", "tags", "runs"):
        target.execute(f"DELETE FROM {table}")
    target.execute("DELETE FROM experiment_tags")
    target.execute("DELETE FROM experiments WHERE experiment_id > 0")
    target.commit()
    target.close()


def test_what_mlflow_refuses_stops_nothing_else(
    mirror: Mirror, story: Any, see: Any, client: Any
) -> None:
    story.start(0)
    story.start(1)
    _all(mirror)
    client.log_param(mirror.run_id(0), "seed2", "1")
    writes = {"train_loss": 1.0, "f1@5": 0.5}
    story.epoch(0, **writes)
    story.epoch(1)
    _all(mirror)
    seen = see(story)
    assert seen.trials[0].points[("f1_5", 1)] == 0.5
    assert seen.trials[1].points == story.points[1]


@pytest.mark.parametrize(
    ("time", "step"),
    [(-5.0, 1), pytest.param(5.0, 2**70, id="too large a step"), (1e30, 1)],
)
def test_a_refused_value_is_remarked_and_passed_over(
    mirror: Mirror, story: Any, see: Any, time: float, step: int
) -> None:
    story.start(0)
    with story.paths.history.open("a") as file:
        file.write(
            f'{{"event":"epoch","trial":0,"time":{time},"epoch":1,"metrics":{{"val_si_sdr":1.0}},'
            f'"steps":{{"{step}":1.0}}}}\n'
        )
    story.start(1)
    story.epoch(1)
    story.end(0, "failed")
    _all(mirror)
    seen = see(story)
    assert seen.trials[0].status == "FAILED"
    assert seen.trials[0].tags["sweeper.state"] == "failed"
    assert seen.trials[1].points == story.points[1]
    assert "MLflow refused a part of run" in mirror.remarks[0]


def test_text_that_no_file_can_hold_is_written_with_escapes(
    mirror: Mirror, story: Any, see: Any
) -> None:
    story.session()
    story.start(0)
    story.interrupt(0, "half \ud800 a character")
    story.session_end("a NUL \0")
    mirror.set_description("also here: \udfff")
    _all(mirror)
    seen = see(story)
    assert seen.trials[0].tags["sweeper.stop_reason"] == "half \\ud800 a character"
    assert seen.parent.tags["sweeper.state"] == "a NUL \\x00"
    assert seen.parent.tags["mlflow.note.content"] == "also here: \\udfff"
    assert not mirror.remarks


def test_a_parent_that_refuses_a_part_gets_the_rest(story: Any, see: Any, sqlite_uri: str) -> None:
    class Picky(Store):
        """Never takes the parent's tags and settings."""

        def log(self, run_id: str, points: Any = (), params: Any = None, tags: Any = None) -> None:
            if any(key in (tags or ()) for key in ("sweeper.session", "sweeper.sweep")):
                raise WriteRefusedError("no such tag")
            super().log(run_id, points, params, tags)

    with Mirror(
        story.paths.root, story.sweep, sqlite_uri, facts=story.facts, connect=Picky.connect
    ) as mirror:
        story.session()
        story.start(0)
        story.epoch(0)
        story.end(0, "complete", 5.0)
        mirror.set_description("all the same")
        _all(mirror)
        assert (mirror.behind, mirror.owed) == (0, 0)
        assert any("MLflow refused a part of the parent run: no such" in r for r in mirror.remarks)
    assert see(story).parent.tags["mlflow.note.content"] == "all the same"


def test_a_broken_artifact_store_holds_up_no_metric(story: Any, see: Any, sqlite_uri: str) -> None:
    class NoUploads(Store):
        def upload(self, run_id: str, path: Path, folder: str | None = None) -> None:
            raise TrackingError("the bucket does not exist")

    with Mirror(
        story.paths.root, story.sweep, sqlite_uri, facts=story.facts, connect=NoUploads.connect
    ) as mirror:
        story.start(0)
        story.epoch(0)
        story.files(0)
        story.end(0)
        mirror.sync()
        with pytest.raises(TrackingError, match="bucket"):
            mirror.settle()
        story.start(1)
        story.epoch(1)
        mirror.sync()
        assert (mirror.behind, mirror.owed) == (0, 1)
    assert {n: run.points for n, run in see(story).trials.items()} == story.points


def test_by_default_mlflow_ui_in_the_same_folder_shows_it(
    story: Any, see_at: Any, tmp_path: Path
) -> None:
    """And nothing is printed: the board owns the terminal."""
    story.start(0)
    story.epoch(0)
    story.files(0)
    story.end(0)
    folder = tmp_path / "work"
    folder.mkdir()
    script = f"""
        import sys
        from pathlib import Path
        from sweeper.tracker.identity import SweepIdentity
        from sweeper.tracker.mirror import Mirror
        assert "mlflow" not in sys.modules
        sweep = SweepIdentity(
            {story.sweep.sweep_id!r}, "dprnn", {story.sweep.experiment!r}, "val_si_sdr",
            "maximize", "x.yaml",
        )
        with Mirror(Path({str(story.paths.root)!r}), sweep) as mirror:
            mirror.sync()
            mirror.settle()
            mirror.finish()
        import mlflow
        assert mlflow.search_experiments(filter_string="name = '{story.sweep.experiment}'")
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    seen = see_at(f"sqlite:///{folder}/mlflow.db", story)
    assert seen.trials[0].points == story.points[0]
    assert list(folder.glob(f"mlruns/*/{seen.trials[0].id}/artifacts/best.ckpt"))


def test_it_ships_only_what_is_safe(story: Any, see: Any, sqlite_uri: str) -> None:
    story.session()
    story.start(0)
    story.epoch(0)
    safe = story.paths.history.stat().st_size
    points = dict(story.points[0])
    story.epoch(0)
    story.start(1)
    limit = [safe]
    with Mirror(
        story.paths.root, story.sweep, sqlite_uri, facts=story.facts, safe=lambda: limit[0]
    ) as mirror:
        mirror.sync()
        mirror.sync()
        assert mirror.behind == 2
        seen = see(story).trials
        assert {n: t.points for n, t in seen.items()} == {0: points}
        limit[0] = 0  # as after a restart, before it is known
        mirror.sync()
        limit[0] = story.paths.history.stat().st_size
        mirror.sync()
        assert mirror.behind == 0
        assert see(story).trials[0].points == story.points[0]
