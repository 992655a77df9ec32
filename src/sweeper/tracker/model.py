"""The best trial's model in MLflow: logged with signature and example, registered as champion."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sweeper
from sweeper.errors import TrackingError
from sweeper.tracker import quiet
from sweeper.tracker.champion import ALIAS, crown, facts
from sweeper.tracker.context import Context

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

    from sweeper.enhancer import Enhancer

__all__ = ["CHECKPOINT", "download_checkpoint", "register_trial"]

CHECKPOINT = "artifacts/best.ckpt"  # in a trial's folder, and in a logged model
_MODEL = "sweeper.model"  # tag of a run: its version in the registry, or the sweep's champion
_LOGGED = "mlflow.log-model.history"  # without it the UI's runs table shows no registered model
_CODE = Path(__file__).with_name("model_code.py")
_REQUIREMENTS = ("mlflow", "numpy", "pydantic", "soundfile", "torch", "torchaudio")
_EXAMPLE_SECONDS = 0.25


def register_trial(context: Context, number: int) -> None:
    """Log the trial's model to its run and make it the sweep's champion; again, only the latter."""
    checkpoint = context.paths.trial(number) / CHECKPOINT
    run_id = context.state.runs.get(number)
    run = context.store.get(run_id) if run_id else None
    if run is None or not checkpoint.is_file():
        context.remark(f"trial {number}: its model is not registered, since it has no best.ckpt")
        return
    own = facts(context, run, number)
    version = run.tags.get(_MODEL) or _register(context, run.id, checkpoint, own)
    name = context.sweep.name
    which = f"{name}@{ALIAS}" if crown(context, version, own) else f"{name}/{version}"
    context.store.log(context.target.run_id, tags={_MODEL: f"{which}: trial {number}"})


def _register(context: Context, run_id: str, checkpoint: Path, tags: Mapping[str, str]) -> str:
    store = context.store
    with tempfile.TemporaryDirectory(prefix="sweeper-model-") as folder:
        _save(checkpoint, Path(folder))
        store.upload(run_id, Path(folder) / "model", "model")
    version = store.register(run_id, context.sweep.name, "model", tags)
    store.log(run_id, tags={_MODEL: version, _LOGGED: _logged(run_id)})
    return version


def download_checkpoint(uri: str, folder: Path) -> Path:
    """Fetch a logged model's checkpoint from ``models:/NAME@champion``, ``runs:/ID/model``, ...

    Only this file is read: nothing that is stored with the model is executed.

    Raises:
        TrackingError: MLflow cannot be reached, or has no such model.
    """
    quiet.setup()
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        found = mlflow.artifacts.download_artifacts(uri, dst_path=str(folder))
    except (MlflowException, OSError) as error:
        raise TrackingError(f"{uri}: {quiet.reason(error)}") from error
    checkpoint = Path(found) / CHECKPOINT
    if not checkpoint.is_file():
        raise TrackingError(f"{uri} is no model that sweeper has logged: no {CHECKPOINT} in it")
    return checkpoint


def _logged(run_id: str) -> str:
    """That the run has a model, as MLflow itself notes it."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    model = {"run_id": run_id, "artifact_path": "model", "utc_time_created": now}
    return json.dumps([{**model, "flavors": {"python_function": {}}}])


def _save(checkpoint: Path, folder: Path) -> None:
    """Write the model into ``folder / "model"``, in MLflow's format."""
    from sweeper.enhancer import Enhancer

    with warnings.catch_warnings():  # about types in MLflow's own modules
        warnings.simplefilter("ignore", UserWarning)
        import mlflow.pyfunc.model  # noqa: F401  (what `mlflow.pyfunc` puts off)
    from mlflow import pyfunc

    enhancer = Enhancer.load(checkpoint)
    pyfunc.save_model(
        str(folder / "model"),
        python_model=str(_CODE),
        artifacts={"checkpoint": str(checkpoint)},
        code_paths=[str(path) for path in _sources(enhancer, folder / "code")],
        signature=_signature(enhancer),
        input_example=_example(enhancer),
        pip_requirements=[f"{name}=={version(name)}" for name in _REQUIREMENTS],
    )


def _sources(enhancer: Enhancer, folder: Path) -> list[Path]:
    """Sweeper's own code without its recordings, and the package of a user's own model."""
    own = Path(sweeper.__file__).parent
    leave_out = shutil.ignore_patterns("__pycache__", "demo")
    shutil.copytree(own, folder / "sweeper", ignore=leave_out)
    root = type(enhancer.model).__module__.partition(".")[0]
    if root == "sweeper":
        return [folder / "sweeper"]
    file = Path(str(sys.modules[root].__file__))
    return [folder / "sweeper", file.parent if file.name == "__init__.py" else file]


def _signature(enhancer: Enhancer) -> ModelSignature:
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import ParamSchema, ParamSpec, Schema, TensorSpec

    waveforms = Schema([TensorSpec(np.dtype(np.float32), (-1, -1))])
    rate = ParamSpec("sample_rate", "long", enhancer.sample_rate)
    return ModelSignature(waveforms, waveforms, ParamSchema([rate]))


def _example(enhancer: Enhancer) -> Any:
    """A short tone (1, time) at the model's sample rate."""
    import numpy as np

    time = np.arange(round(_EXAMPLE_SECONDS * enhancer.sample_rate)) / enhancer.sample_rate
    return (0.1 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)[np.newaxis]
