"""The best model in a real registry, loaded by plain MLflow in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from sweeper.enhancer import Enhancer
from sweeper.errors import TrackingError
from sweeper.tracker import model
from sweeper.tracker.identity import DatasetIdentity
from sweeper.tracker.mirror import Mirror
from sweeper.tracker.model import download_checkpoint
from sweeper.training import checkpoint
from sweeper.training.members import build

MODEL = {"name": "dprnn", "bottleneck": 8, "hidden": 8, "layers": 1, "encoder": "stft"}
LOADS = """
import json, sys
import mlflow, numpy
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model(sys.argv[2])
found = model.predict(numpy.load(sys.argv[3]))
import sweeper
print(json.dumps([sweeper.__file__, found.tolist()]))
"""


def leave_model(story: Any, trial: int) -> Path:
    torch.manual_seed(trial)
    folder: Path = story.files(trial)
    path = folder / "artifacts/best.ckpt"
    state = build("models", MODEL).state_dict()
    content = {"config": {"model": MODEL}, "report": {}, "sample_rate": 16000, "model": state}
    checkpoint.write(path, content)
    return path


@pytest.fixture
def mirror(story: Any, sqlite_uri: str) -> Any:
    with Mirror(story.paths.root, story.sweep, sqlite_uri, facts=story.facts) as made:
        yield made


def ship(mirror: Mirror) -> None:
    mirror.sync()
    mirror.settle()


def test_the_champion_is_loaded_by_plain_mlflow(
    make_story: Any, sqlite_uri: str, client: Any, tmp_path: Path
) -> None:
    story = make_story(name="champion-a")
    with Mirror(story.paths.root, story.sweep, sqlite_uri, facts=story.facts) as mirror:
        story.session()
        for trial in (0, 1):
            story.start(trial)
            story.epoch(trial)
            path = leave_model(story, trial)
            story.end(trial, "complete", 5.0 + trial)
            mirror.register_model(trial)
            ship(mirror)
            mirror.register_model(trial)  # once more: no second version of the same
            ship(mirror)
        run = mirror.run_id(1)
    assert len(client.search_model_versions("name = 'champion-a'")) == 2
    version = client.get_model_version_by_alias("champion-a", "champion")
    assert (version.run_id, version.tags["sweeper.trial"]) == (run, "1")
    noisy = torch.randn(2, 16000)
    numpy.save(tmp_path / "noisy.npy", noisy.numpy())
    words = [sqlite_uri, "models:/champion-a@champion", str(tmp_path / "noisy.npy")]
    done = subprocess.run(
        [sys.executable, "-c", LOADS, *words],
        capture_output=True,
        text=True,
        check=True,
    )
    where, found = json.loads(done.stdout.splitlines()[-1])
    assert "/code/sweeper/" in where  # the code that trained it, not what is installed here
    own = Enhancer.load(path)
    wanted = torch.stack([own(waveform, 16000) for waveform in noisy])
    torch.testing.assert_close(torch.tensor(found), wanted)


def test_only_the_checkpoint_of_a_registered_model_is_read(
    make_story: Any, sqlite_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", sqlite_uri)
    story = make_story(name="champion-b")
    with Mirror(story.paths.root, story.sweep, sqlite_uri, facts=story.facts) as mirror:
        story.session()
        story.start(0)
        story.epoch(0)
        path = leave_model(story, 0)
        story.end(0, "complete", 5.0)
        mirror.register_model(0)
        ship(mirror)
        run = mirror.run_id(0)
    for uri in ("models:/champion-b@champion", f"runs:/{run}/model"):
        found = download_checkpoint(uri, tmp_path / uri.replace("/", "_"))
        assert found.read_bytes() == path.read_bytes()
    with pytest.raises(TrackingError, match="nobody"):
        download_checkpoint("models:/nobody@champion", tmp_path)
    with pytest.raises(TrackingError, match=r"no artifacts/best\.ckpt"):
        download_checkpoint(f"runs:/{run}/config.yaml", tmp_path)


def registered(story: Any, uri: str, value: float) -> tuple[str, list[str]]:
    """Train one trial and register it: its version, and what was remarked."""
    with Mirror(story.paths.root, story.sweep, uri, facts=story.facts) as mirror:
        story.session()
        story.start(0)
        story.epoch(0, value)
        leave_model(story, 0)
        story.end(0, "complete", value)
        mirror.register_model(0)
        ship(mirror)
        return str(mirror.run_id(0)), mirror.remarks


def test_the_champion_of_another_sweep_gives_way_to_a_better_one_only(
    make_story: Any, sqlite_uri: str, client: Any, see: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # what is in a model takes seconds, and is not asked for here
    monkeypatch.setattr(model, "_save", lambda path, to: shutil.copytree(path.parent, to / "model"))

    def champion() -> str:
        return str(client.get_model_version_by_alias("shared", "champion").run_id)

    other_data = DatasetIdentity("voicebank", "0" * 64, "downloaded")
    run, remarks = registered(make_story(name="shared"), sqlite_uri, 4.49)
    assert (champion(), remarks) == (run, [])
    worse = make_story(name="shared")
    _, (said,) = registered(worse, sqlite_uri, -2.22)
    assert champion() == run
    assert "models:/shared@champion stays another sweep's" in said
    assert "val_si_sdr 4.49 dB there, -2.22 dB here" in said
    assert "this one's best is models:/shared/2." in said
    assert see(worse).parent.tags["sweeper.model"] == "shared/2: trial 0"
    _, (said,) = registered(make_story(name="shared", dataset=other_data), sqlite_uri, 9.0)
    assert champion() == run
    assert "not comparable" in said
    better, (said,) = registered(make_story(name="shared"), sqlite_uri, 5.5)
    assert champion() == better
    assert "takes over" in said
    client.delete_registered_model_alias("shared", "champion")
    run, remarks = registered(make_story(name="shared", direction="minimize"), sqlite_uri, 6.0)
    assert (champion(), remarks) == (run, [])
    better, _ = registered(make_story(name="shared", direction="minimize"), sqlite_uri, 5.0)
    assert champion() == better


def test_a_trial_without_a_model_is_told_and_holds_nothing_up(
    mirror: Mirror, story: Any, see: Any
) -> None:
    story.session()
    story.start(0)
    story.epoch(0)
    story.end(0, "complete", 5.0)
    mirror.register_model(0)
    ship(mirror)
    assert mirror.owed == 0
    assert any("no best.ckpt" in remark for remark in mirror.remarks)
