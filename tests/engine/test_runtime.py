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
    clean_up(note, tmp_path)
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
    clean_up(_note(tmp_path, scratch), tmp_path)
    writer.join()
    assert [p.name for p in tmp_path.iterdir()] == []


def test_a_note_from_elsewhere_cannot_remove_another_folder(tmp_path: Path) -> None:
    precious = tmp_path / "home"
    precious.mkdir()
    clean_up(_note(tmp_path, precious), tmp_path)
    assert precious.exists()


def test_what_the_workers_said_is_kept_when_their_scratch_goes(tmp_path: Path) -> None:
    scratch, logs = tmp_path / "sweeper-abc", tmp_path / "sweep" / "logs"
    place = scratch / "session_1" / "logs"
    place.mkdir(parents=True)
    (scratch / "session_latest").symlink_to("session_1")
    header = b":job_id:01\n:actor_name:Worker\n"
    (place / "worker-0123456789ab-01-77.err").write_bytes(header + b"Fatal Python error\n")
    (place / "worker-0123456789ab-01-77.out").write_bytes(header)
    (place / "worker-cdef01234567-01-78.out").write_bytes(b"x" * 300_000 + b"\nthe end\n")
    (place / "raylet.out").write_text("much")
    clean_up(_note(tmp_path, scratch), logs)
    assert not scratch.exists()
    kept = {path.name: path.read_bytes() for path in logs.iterdir()}
    assert sorted(kept) == ["worker-77-01234567.err", "worker-78-cdef0123.out"]
    assert kept["worker-77-01234567.err"] == b"Fatal Python error\n"
    last = kept["worker-78-cdef0123.out"]
    assert last.endswith(b"\nthe end\n")
    assert len(last) <= 200_000


def test_logs_that_cannot_be_written_keep_nothing_from_going(tmp_path: Path) -> None:
    scratch = tmp_path / "sweeper-abc"
    place = scratch / "session_latest" / "logs"
    place.mkdir(parents=True)
    (place / "worker-01-01-77.err").write_text("Fatal Python error\n")
    (tmp_path / "logs").write_text("a file, and no folder")
    clean_up(_note(tmp_path, scratch), tmp_path / "logs")
    assert not scratch.exists()
