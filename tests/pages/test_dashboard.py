"""The ledger in Optuna's own tools, without sweeper."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server import free_port, wait_until

pytestmark = pytest.mark.timeout(600)

_PLACES = (str(Path(sys.executable).parent), os.environ["PATH"])
_PROGRAM = shutil.which("optuna-dashboard", path=os.pathsep.join(_PLACES))
_OPEN = """
import sys, optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
storage = JournalStorage(JournalFileBackend(sys.argv[1]))
(study,) = optuna.get_all_study_summaries(storage)
trials = optuna.load_study(study_name=study.study_name, storage=storage).trials
print(study.study_name, len(trials), *[t.state.name for t in trials], *trials[0].params)
"""


@pytest.fixture
def journal(folder: Path) -> Iterator[Path]:
    """The study's, which nobody who looks at it changes."""
    path = folder / "sweeps/dprnn/study.journal"
    before = path.read_bytes()
    yield path
    assert path.read_bytes() == before


def test_optuna_opens_the_ledger(journal: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", _OPEN, str(journal)],
        capture_output=True,
        text=True,
        check=True,
    )
    name, count, *words = done.stdout.split()
    assert (name, count) == ("dprnn", "6")
    assert words[:6] == ["COMPLETE"] * 6
    assert words[6:] == ["lr", "log2(batch_size)", "log2(model.n_fft)"]


def test_optuna_dashboard_shows_its_trials(journal: Path, tmp_path: Path) -> None:
    """As docs/guide.md has it: `uv run optuna-dashboard sweeps/dprnn/study.journal`."""
    assert _PROGRAM is not None, "it is one of the development packages"
    port = free_port()
    with (tmp_path / "dashboard.log").open("w") as log:
        dashboard = subprocess.Popen(
            [_PROGRAM, str(journal), "--host", "127.0.0.1", "--port", str(port)],
            env={**os.environ, "HOME": str(tmp_path)},  # its server leaves a file there
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: dashboard.poll() is not None or _answer(port, "studies") is not None)
        assert dashboard.poll() is None, (tmp_path / "dashboard.log").read_text()
        (study,) = _answer(port, "studies")["study_summaries"]
        assert (study["study_name"], study["directions"]) == ("dprnn", ["maximize"])
        trials = _answer(port, f"studies/{study['study_id']}?after=0")["trials"]
        assert [trial["number"] for trial in trials] == list(range(6))
        for trial in trials:
            assert trial["state"] == "Complete"
            assert len(trial["intermediate_values"]) == 3
            names = [param["name"] for param in trial["params"]]
            assert names == ["lr", "log2(batch_size)", "log2(model.n_fft)"]
    finally:
        dashboard.terminate()
        dashboard.wait(60)


def _answer(port: int, what: str) -> Any:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/{what}", timeout=10) as answer:
            return json.load(answer)
    except OSError:
        return None
