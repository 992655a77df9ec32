"""A sweep whose history is written by hand, and a look at what MLflow made of it."""

from __future__ import annotations

import contextlib
import itertools
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from sweeper.ledger.files import LineLog
from sweeper.ledger.paths import SweepPaths
from sweeper.tracker.identity import DatasetIdentity, SweepIdentity
from sweeper.tracker.provenance import GitFacts, Provenance

FACTS = Provenance(
    git=GitFacts("c0ffee", "main", "https://example.org/team/speech.git", "--- a/model.py\n"),
    user="mina",
    environment="Python 3.11\n",
)


class Story:
    """Writes events as the ledger does, one second apart, and remembers the points."""

    def __init__(self, directory: Path, experiment: str, **identity: Any) -> None:
        sweep = SweepIdentity(
            sweep_id=uuid.uuid4().hex,
            name="dprnn",
            experiment=experiment,
            metric="val_si_sdr",
            direction="maximize",
            source="search_spaces/dprnn.yaml",
            settings={"sampler": "tpe", "lr": "float [1e-4, 3e-2] log"},
            log_scaled=frozenset({"lr"}),
            dataset=DatasetIdentity(
                "demo",
                "f" * 64,
                "packaged",
                {"sample_rate_hz": 16000, "train_recordings": 24, "train_seconds": 51.5},
                {"id": {"type": "string"}, "noisy": {"type": "array", "items": {"type": "float"}}},
            ),
        )
        self.sweep = replace(sweep, **identity)
        self.facts = FACTS
        self.paths = SweepPaths(directory)
        self.paths.root.mkdir(parents=True, exist_ok=True)
        self.paths.config.write_text("name: dprnn\n")
        self._log = LineLog(self.paths.history)
        self._clock = itertools.count(1000)
        self.points: dict[int, dict[tuple[str, int], float]] = defaultdict(dict)
        self.attempts: dict[int, int] = defaultdict(int)
        self.epochs: dict[int, int] = defaultdict(int)

    def close(self) -> None:
        self._log.close()

    def _write(self, event: str, **values: Any) -> float:
        time = float(next(self._clock))
        self._log.append({"event": event, "time": time, **values})
        return time

    def session(self, number: int = 1) -> None:
        self._write("session", session=number)

    def session_end(self, reason: str = "finished") -> None:
        self._write("session_end", reason=reason)

    def start(self, trial: int) -> None:
        self.attempts[trial] += 1
        params = {"lr": 1.2e-3 * (trial + 1), "training.batch_size": 8}
        self._write(
            "start",
            trial=trial,
            params=params,
            flat_params={**params, "model": "dprnn"},
            seed=100 + trial,
            attempt=self.attempts[trial],
        )

    def epoch(self, trial: int, value: float = 5.0, **more: float) -> None:
        self.epochs[trial] += 1
        epoch = self.epochs[trial]
        metrics = {"train_loss": -value, "val_si_sdr": value, "peak_memory_bytes": 2.5e6, **more}
        steps = {10 * epoch - 5: -value - 1, 10 * epoch: -value}
        self._write(
            "epoch",
            trial=trial,
            epoch=epoch,
            metrics=metrics,
            steps={str(step): loss for step, loss in steps.items()},
        )
        points = self.points[trial]
        points |= {("train_loss_step", step): loss for step, loss in steps.items()}
        points[("train_loss_epoch", epoch)] = -value
        points[("val_si_sdr", epoch)] = value
        points[("peak_memory_mb", epoch)] = 2.5

    def reseed(self, retried: list[int]) -> None:
        self._write("reseed", generation=1, moved={}, retried=retried)

    def interrupt(self, trial: int, reason: str = "drained") -> None:
        self._write("interrupt", trial=trial, reason=reason)

    def end(
        self, trial: int, state: str = "complete", value: float | None = None, best_epoch: int = 1
    ) -> None:
        self._write("end", trial=trial, state=state, reason=f"{state} it is", value=value)
        if value is not None:
            self.points[trial][("best_val_si_sdr", self.epochs[trial])] = value
            self.points[trial][("best_epoch", self.epochs[trial])] = best_epoch
            self.points[trial][("epoch", self.epochs[trial])] = self.epochs[trial]
            if state == "complete":
                self.points[trial][("finished_val_si_sdr", self.epochs[trial])] = value
            if ("train_loss_epoch", best_epoch) in self.points[trial]:
                loss = self.points[trial][("train_loss_epoch", best_epoch)]
                self.points[trial][("train_loss_at_best", self.epochs[trial])] = loss

    def files(self, trial: int) -> Path:
        """Leave a trial's files behind."""
        folder = self.paths.trial(trial)
        (folder / "artifacts").mkdir(parents=True, exist_ok=True)
        for name in ("best.ckpt", "enhanced.wav"):
            (folder / "artifacts" / name).write_text(f"{name} of {trial}")
        (folder / "config.yaml").write_text("lr: 1.0e-3\n")
        (folder / "train.log").write_text("epoch 1\n")
        return folder

    def tear(self) -> None:
        """Half an event, as a driver leaves it that is writing at this moment."""
        with self.paths.history.open("a") as file:
            file.write('{"event":"epo')


@dataclass
class SeenRun:
    id: str
    name: str
    status: str
    start: int
    end: int | None
    params: dict[str, str]
    tags: dict[str, str]
    points: dict[tuple[str, int], float]
    times: dict[tuple[str, int], int]
    datasets: list[tuple[str, str]]


@dataclass
class Seen:
    """A sweep in MLflow, read by MLflow's own client."""

    parent: SeenRun
    trials: dict[int, SeenRun] = field(default_factory=dict)


def look(client: Any, sweep: SweepIdentity) -> Seen:
    """Read the sweep back; fails on a second run for one trial and on a point logged twice."""
    experiment = client.get_experiment_by_name(sweep.experiment)
    runs = client.search_runs(
        [experiment.experiment_id], f"tags.`sweeper.sweep_id` = '{sweep.sweep_id}'"
    )
    parents = [r for r in runs if r.data.tags["sweeper.role"] == "parent"]
    assert len(parents) == 1, f"{len(parents)} parent runs"
    seen = Seen(_seen_run(client, parents[0]))
    for run in runs:
        if "sweeper.trial" in run.data.tags:
            number = int(run.data.tags["sweeper.trial"])
            assert number not in seen.trials, f"trial {number} has two runs"
            assert run.data.tags["mlflow.parentRunId"] == seen.parent.id
            seen.trials[number] = _seen_run(client, run)
    return seen


def _seen_run(client: Any, run: Any) -> SeenRun:
    points: dict[tuple[str, int], float] = {}
    times: dict[tuple[str, int], int] = {}
    for key in run.data.metrics:
        for metric in client.get_metric_history(run.info.run_id, key):
            assert (key, metric.step) not in points, f"{key} has step {metric.step} twice"
            points[(key, metric.step)] = metric.value
            times[(key, metric.step)] = metric.timestamp
    inputs = run.inputs.dataset_inputs
    return SeenRun(
        id=run.info.run_id,
        name=run.info.run_name,
        status=run.info.status,
        start=run.info.start_time,
        end=run.info.end_time,
        params=dict(run.data.params),
        tags=dict(run.data.tags),
        points=points,
        times=times,
        datasets=[(i.dataset.name, i.dataset.digest) for i in inputs],
    )


@pytest.fixture(scope="session")
def sqlite_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database for all tests, since making its tables takes seconds."""
    from sweeper.tracker.store import Store

    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder}/mlflow.db"
    with contextlib.chdir(folder):
        Store.connect(uri).experiment("first")
    return uri


@pytest.fixture(scope="session")
def client(sqlite_uri: str) -> Any:
    import mlflow

    return mlflow.MlflowClient(sqlite_uri)


@pytest.fixture
def make_story(tmp_path: Path) -> Iterator[Callable[..., Story]]:
    """Makes sweeps, each with an id, an experiment and a folder of its own."""
    made: list[Story] = []

    def make(**identity: Any) -> Story:
        name = f"sweep{len(made)}"
        fresh = {"experiment": f"{name}-{uuid.uuid4().hex[:8]}"}
        made.append(Story(tmp_path / name, **{**fresh, **identity}))
        return made[-1]

    yield make
    for story in made:
        story.close()


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    return make_story()


@pytest.fixture
def see(client: Any) -> Callable[[Story], Seen]:
    """Read a story back from the database of `sqlite_uri`."""
    return lambda story: look(client, story.sweep)


@pytest.fixture
def see_at() -> Callable[[str, Story], Seen]:
    """Read a story back from any tracking URI."""

    def read(uri: str, story: Story) -> Seen:
        import mlflow

        return look(mlflow.MlflowClient(uri), story.sweep)

    return read


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
