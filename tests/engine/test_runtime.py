"""Cleaning up what a killed driver left, and nothing else."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

from sweeper.engine.runtime import clean_up


def _note(folder: Path, scratch: Path, *processes: psutil.Process) -> Path:
    note = folder / "ray.json"
    known = [(p.pid, p.create_time()) for p in processes]
    note.write_text(json.dumps({"processes": known, "scratch": str(scratch)}))
    return note


def test_noted_processes_and_their_scratch_go(tmp_path: Path) -> None:
    scratch = tmp_path / "sweeper-abc"
    scratch.mkdir()
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    note = _note(tmp_path, scratch, psutil.Process(left.pid))
    clean_up(note)
    assert not psutil.pid_exists(left.pid)
    left.wait(timeout=10)
    assert [p.name for p in tmp_path.iterdir()] == []


def test_a_scratch_that_is_still_written_to_goes_too(tmp_path: Path) -> None:
    scratch = tmp_path / "sweeper-abc"
    scratch.mkdir()
    end = time.monotonic() + 1.0

    def write() -> None:
        with contextlib.suppress(FileNotFoundError):
            while time.monotonic() < end:
                (scratch / str(time.monotonic_ns())).touch()

    writer = threading.Thread(target=write)
    writer.start()
    clean_up(_note(tmp_path, scratch))
    writer.join()
    assert [p.name for p in tmp_path.iterdir()] == []


def test_a_note_from_elsewhere_cannot_remove_another_folder(tmp_path: Path) -> None:
    precious = tmp_path / "home"
    precious.mkdir()
    clean_up(_note(tmp_path, precious))
    assert precious.exists()
