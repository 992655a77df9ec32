"""The few things that the mirror does in MLflow, with errors that say what they mean."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from sweeper import words
from sweeper.errors import TrackingError
from sweeper.garbage import first_import
from sweeper.tracker import new_database, quiet
from sweeper.tracker.links import run_url
from sweeper.tracker.names import tag_text
from sweeper.tracker.place import locate, sqlite_file
from sweeper.tracker.whole_runs import insert_runs
from sweeper.tracker.writes import Birth, Point, RunWrites, Status

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment, Run
    from mlflow.store.artifact.artifact_repo import ArtifactRepository

    from sweeper.tracker.identity import DatasetIdentity

__all__ = ["RunGoneError", "RunView", "Store", "WriteRefusedError"]

_KIND = "mlflow.experimentKind"
_MODEL_TRAINING = "custom_model_development"  # else the UI takes the runs for GenAI evaluations
_MAX_DIGEST = 36


class RunGoneError(Exception):
    """The run was deleted in MLflow."""


class WriteRefusedError(Exception):
    """MLflow will never accept this write; says why."""


@dataclass(frozen=True, slots=True)
class RunView:
    """What a run holds."""

    id: str
    experiment_id: str
    deleted: bool = False
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)


class Store:
    """One tracking store or server.

    Every method raises `TrackingError` where MLflow cannot be reached or fails; those that write to
    a run also raise `RunGoneError` and `WriteRefusedError`.
    """

    def __init__(self, client: MlflowClient, uri: str) -> None:
        self._client = client
        self._uri = uri
        self._local_artifacts: dict[str, ArtifactRepository] = {}

    @classmethod
    def connect(cls, uri: str | None) -> Self:
        """The store at ``uri``; None is MLFLOW_TRACKING_URI, or else MLflow's own default.

        Takes seconds: MLflow is imported, and a new database gets its tables.
        """
        with first_import("mlflow"):
            quiet.setup()
            import mlflow

            uri = locate(uri or mlflow.get_tracking_uri(), Path.cwd()).uri
            with _clear_errors(uri):
                new_database.ensure(uri)
                return cls(mlflow.MlflowClient(tracking_uri=uri), uri)

    @property
    def uri(self) -> str:
        """The tracking URI, fit to be shown."""
        return quiet.without_password(self._uri)

    def run_url(self, experiment_id: str, run_id: str) -> str | None:
        """Where a browser finds the run; None for a store that no server is known for."""
        return run_url(self.uri, experiment_id, run_id, Path.cwd())

    def experiment(self, name: str) -> str:
        """The id of the experiment, which is created where there is none.

        Raises:
            TrackingError: also where it has been deleted.
        """
        with self._clear():
            found = self._client.get_experiment_by_name(name)
            if found is None:
                return str(self._client.create_experiment(name, tags={_KIND: _MODEL_TRAINING}))
            _refuse_deleted(found)
            if _KIND not in found.tags:
                self._client.set_experiment_tag(found.experiment_id, _KIND, _MODEL_TRAINING)
            return str(found.experiment_id)

    def tag_experiment(self, experiment_id: str, key: str, value: str) -> None:
        """Set a tag of the experiment."""
        with self._clear():
            self._client.set_experiment_tag(experiment_id, key, value)

    def check_experiment(self, experiment_id: str) -> None:
        """Make sure that the experiment is not deleted, or raise `TrackingError`."""
        with self._clear():
            _refuse_deleted(self._client.get_experiment(experiment_id))

    def get(self, run_id: str) -> RunView | None:
        """The run, also a deleted one; None where this store never had it."""
        try:
            with self._clear(run_id):
                return _view(self._client.get_run(run_id))
        except RunGoneError:
            return None

    def find(self, experiment_id: str, tags: Mapping[str, str]) -> list[RunView]:
        """Every run with these tags, also deleted ones."""
        from mlflow.entities import ViewType

        return self._search(experiment_id, _equal(tags), ViewType.ALL)

    def find_running(self, experiment_id: str, tags: Mapping[str, str]) -> list[RunView]:
        """The runs with these tags that MLflow shows as running."""
        from mlflow.entities import ViewType

        query = f"{_equal(tags)} and attributes.status = 'RUNNING'"
        return self._search(experiment_id, query, ViewType.ACTIVE_ONLY)

    def _search(self, experiment_id: str, query: str, view: int) -> list[RunView]:
        found: list[Run] = []
        token = None
        with self._clear():
            while True:
                page = self._client.search_runs([experiment_id], query, view, page_token=token)
                found += page
                if not (token := page.token):
                    return [_view(run) for run in found]

    def create(self, experiment_id: str, birth: Birth, tags: Mapping[str, str]) -> str:
        """Create a run and give its id. After an error it may exist all the same."""
        with self._clear():
            run = self._client.create_run(
                experiment_id,
                start_time=birth.time,
                tags={key: tag_text(value) for key, value in tags.items()},
                run_name=birth.name,
            )
            self._remember_artifacts(run.info.run_id, run.info.artifact_uri)
            return str(run.info.run_id)

    def create_whole(self, sibling: str, runs: Sequence[RunWrites]) -> list[str] | None:
        """Create runs with all that they have, in one step, and give their ids.

        After an error they may exist all the same.

        Args:
            sibling: a run of the same experiment.
            runs: plain ones (`whole_runs.is_plain`).

        Returns:
            None where nothing was written, since this store takes them only one by one.
        """
        file = sqlite_file(self._uri)
        if file is None or "?" in self._uri:  # with options that are SQLAlchemy's
            return None
        with self._clear():
            made = insert_runs(file, sibling, runs)
            for run in made or ():
                self._remember_artifacts(run.id, run.artifact_uri)
            return None if made is None else [run.id for run in made]

    def steps_of(self, run_id: str, keys: Collection[str]) -> set[tuple[str, int]]:
        """The (key, step) pairs that the run has for these keys."""
        with self._clear(run_id):
            return {
                (key, metric.step)
                for key in sorted(keys)
                for metric in self._client.get_metric_history(run_id, key)
            }

    def log(
        self,
        run_id: str,
        points: Sequence[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Write all of these to the run; after an error, any of them may have been written."""
        from mlflow.entities import Metric, Param, RunTag

        with self._clear(run_id):
            self._client.log_batch(
                run_id,
                metrics=[Metric(p.key, p.value, p.time, p.step) for p in points],
                params=[Param(key, value) for key, value in (params or {}).items()],
                tags=[RunTag(key, tag_text(value)) for key, value in (tags or {}).items()],
            )

    def log_dataset(self, run_id: str, dataset: DatasetIdentity) -> None:
        """Say that the run trains on ``dataset``; saying it again changes nothing."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        entity = Dataset(
            name=dataset.name,
            digest=dataset.fingerprint[:_MAX_DIGEST],
            source_type="local",
            source=json.dumps({"uri": dataset.source}),
            schema=_schema(dataset) if dataset.columns else None,
            profile=json.dumps(dataset.profile) if dataset.profile else None,
        )
        context = InputTag("mlflow.data.context", "training")
        with self._clear(run_id):
            self._client.log_inputs(run_id, [DatasetInput(entity, [context])])

    def set_status(self, run_id: str, status: Status) -> None:
        """Set the run's status and, unless it runs again, its end time."""
        with self._clear(run_id):
            if status.name == "RUNNING":
                self._client.update_run(run_id, status="RUNNING")
            else:
                self._client.set_terminated(run_id, status.name, status.time)

    def delete(self, run_id: str) -> None:
        """Move the run to MLflow's trash."""
        with self._clear(run_id):
            self._client.delete_run(run_id)

    def upload(self, run_id: str, path: Path, folder: str | None = None) -> None:
        """Upload a file, or all that is in a folder, below ``folder`` of the run's artifacts."""
        with self._clear(run_id):
            local = self._local_artifacts.get(run_id)
            if path.is_dir():
                upload = (
                    local.log_artifacts if local else partial(self._client.log_artifacts, run_id)
                )
            else:
                upload = local.log_artifact if local else partial(self._client.log_artifact, run_id)
            upload(str(path), folder)

    def register(self, run_id: str, name: str, folder: str, tags: Mapping[str, str]) -> str:
        """Register the model in ``folder`` of the run's artifacts; gives its version."""
        from mlflow.exceptions import MlflowException

        with self._clear(run_id):
            try:
                self._client.create_registered_model(name)
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            source = f"{self._client.get_run(run_id).info.artifact_uri}/{folder}"
            made = self._client.create_model_version(name, source, run_id, tags=dict(tags))
            return str(made.version)

    def set_alias(self, name: str, alias: str, version: str) -> None:
        """Let ``alias`` stand for this version of the registered model."""
        with self._clear():
            self._client.set_registered_model_alias(name, alias, version)

    def aliased(self, name: str, alias: str) -> dict[str, str] | None:
        """The tags of the version that ``alias`` stands for; None where it stands for none."""
        with self._clear():
            version = self._client.get_registered_model(name).aliases.get(alias)
            if version is None:
                return None
            return dict(self._client.get_model_version(name, version).tags)

    def _remember_artifacts(self, run_id: str, uri: str) -> None:
        """Files on this machine need no request; the client makes one a run to learn the place."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        if urlsplit(uri).scheme in ("", "file"):
            self._local_artifacts[run_id] = get_artifact_repository(uri)

    def upload_text(self, run_id: str, text: str, name: str) -> None:
        """Upload ``text`` as the artifact ``name``."""
        with self._clear(run_id):
            self._client.log_text(run_id, words.printable(text), name)

    @contextmanager
    def _clear(self, run_id: str | None = None) -> Iterator[None]:
        """Errors of the block as `TrackingError`, or as what they mean for the run."""
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        with _clear_errors(self.uri):
            try:
                yield
            except (MlflowException, SQLAlchemyError, OverflowError, ValueError) as error:
                if run_id is not None:
                    self._raise_for_run(run_id, error)
                raise

    def _raise_for_run(self, run_id: str, error: Exception) -> None:
        code = getattr(error, "error_code", "")
        if code == "RESOURCE_DOES_NOT_EXIST":
            raise RunGoneError from error
        if code == "INVALID_PARAMETER_VALUE":
            # the code for a deleted run as well as for a bad value
            run = self._client.get_run(run_id)
            if run.info.lifecycle_stage != "active":
                raise RunGoneError from error
            raise WriteRefusedError(quiet.reason(error)) from error
        if quiet.is_unstorable(error):
            raise WriteRefusedError(quiet.reason(error)) from error


@contextmanager
def _clear_errors(uri: str) -> Iterator[None]:
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    failures = (MlflowException, SQLAlchemyError, sqlite3.Error, OSError, OverflowError, ValueError)
    try:
        yield
    except failures as error:
        where = quiet.without_password(uri)
        raise TrackingError(f"MLflow at {where}: {quiet.reason(error)}") from error


def _refuse_deleted(experiment: Experiment) -> None:
    if experiment.lifecycle_stage != "active":
        raise TrackingError(
            f"the MLflow experiment {experiment.name!r} has been deleted; restore it with `mlflow "
            f"experiments restore --experiment-id {experiment.experiment_id}`, or start a new "
            "sweep with another `experiment:` in its YAML"
        )


def _schema(dataset: DatasetIdentity) -> str:
    columns = [{"name": name, "required": True, **kind} for name, kind in dataset.columns.items()]
    return json.dumps({"mlflow_colspec": columns})


def _equal(tags: Mapping[str, str]) -> str:
    return " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())


def _view(run: Run) -> RunView:
    return RunView(
        id=run.info.run_id,
        experiment_id=run.info.experiment_id,
        deleted=run.info.lifecycle_stage != "active",
        params=dict(run.data.params),
        tags=dict(run.data.tags),
        metrics=dict(run.data.metrics),
    )
