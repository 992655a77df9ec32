"""Workers' processes: found again, killed whatever they do, and what they died of."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sweeper.engine import workers
from sweeper.engine.workers import Workers, kill_worker, node_of, signed_on

_WORKER = """
import signal, subprocess, sys, time
from pathlib import Path
from sweeper.engine.workers import sign_on
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
child = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL)
sign_on(Path(sys.argv[1]))
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", _WORKER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.communicate()


def _child(worker: subprocess.Popen[str]) -> psutil.Process:
    assert worker.stdout is not None
    return psutil.Process(int(worker.stdout.readline()))


def test_a_worker_is_killed_with_all_below_it(
    tmp_path: Path, worker: subprocess.Popen[str]
) -> None:
    child = _child(worker)
    began = time.monotonic()
    kill_worker(signed_on(tmp_path))
    assert not psutil.pid_exists(worker.pid)
    assert time.monotonic() - began < 30  # it would end by itself after a minute
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_stranger_with_the_pid_of_a_worker_is_left_alone(
    tmp_path: Path, worker: subprocess.Popen[str]
) -> None:
    _child(worker)
    note = tmp_path / "worker.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "began": 1.0}))
    kill_worker(signed_on(tmp_path))
    assert worker.poll() is None


@pytest.mark.parametrize("note", [None, "", "[]", '{"pid": "x", "began": 1}'])
def test_a_worker_that_nobody_knows_is_no_error(tmp_path: Path, note: str | None) -> None:
    if note is not None:
        (tmp_path / "worker.json").write_text(note)
    known = Workers()
    known.look([tmp_path])
    kill_worker(signed_on(tmp_path))
    assert known.out_of_memory(tmp_path) == ""


@pytest.mark.parametrize("kills_after", [4, 5])
def test_a_worker_dies_of_its_memory_where_the_kernel_killed_since(
    tmp_path: Path,
    worker: subprocess.Popen[str],
    monkeypatch: pytest.MonkeyPatch,
    kills_after: int,
) -> None:
    _child(worker)
    monkeypatch.setattr(workers, "_kernel_kills", lambda: 4)
    known = Workers()
    known.look([tmp_path])
    worker.kill()
    worker.wait(timeout=30)
    monkeypatch.setattr(workers, "_kernel_kills", lambda: kills_after)
    reason = known.out_of_memory(tmp_path)
    if kills_after == 4:
        assert reason == ""
        return
    assert reason.startswith("out of memory: the kernel killed the worker, last seen with ")
    assert 5 < int(reason.split()[-2]) < 1000  # MiB of a Python with psutil
    assert known.out_of_memory(tmp_path) == ""  # said of this worker, not of the next


def test_a_worker_that_was_dead_when_first_seen_is_no_victim_of_what_the_kernel_did_before(
    tmp_path: Path, worker: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = psutil.Process(worker.pid)
    _child(worker)
    worker.kill()
    while process.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    monkeypatch.setattr(workers, "_kernel_kills", lambda: 4)
    known = Workers()
    known.look([tmp_path])
    assert known.out_of_memory(tmp_path) == ""


@pytest.mark.parametrize(("neighbours", "hungry"), [(0, False), (2, True)])
def test_a_worker_is_hungry_by_its_share_of_the_memory(
    tmp_path: Path, worker: subprocess.Popen[str], neighbours: int, hungry: bool
) -> None:
    _child(worker)
    folders = [tmp_path / str(n) for n in range(neighbours)]
    for folder in folders:
        folder.mkdir()
        shutil.copy(tmp_path / "worker.json", folder)
    known = Workers(4 * psutil.Process(worker.pid).memory_info().rss)
    assert not known.was_hungry(tmp_path)
    known.look([tmp_path, *folders])
    assert known.was_hungry(tmp_path) is hungry


def test_the_kernel_s_count_is_read() -> None:
    assert workers._kernel_kills() >= 0
    assert "oom_kill " in Path("/proc/vmstat").read_text()


def test_a_worker_of_another_machine_is_only_named(
    tmp_path: Path, worker: subprocess.Popen[str]
) -> None:
    _child(worker)
    note = tmp_path / "worker.json"
    assert node_of(signed_on(tmp_path)) == ""
    elsewhere = {**json.loads(note.read_text()), "machine": "another", "node": "0a1b"}
    note.write_text(json.dumps(elsewhere))
    assert node_of(signed_on(tmp_path)) == "0a1b"
    kill_worker(signed_on(tmp_path))
    assert worker.poll() is None
