"""Real servers: started twice, killed, frozen, forgotten, and what is said each time."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from server import free_port
from sweeper.server.processes import answer
from sweeper.server.service import Standing, look, stop
from sweeper.tracker.links import run_url
from sweeper.tracker.place import locate
from sweeper.tracker.ui_record import UiRecord, read_record

if TYPE_CHECKING:
    from conftest import Site

    Wait = Callable[[Callable[[], bool]], None]

_ONE_WORKER = ("--workers", "1")


def test_started_twice_at_once_looked_at_and_stopped(site: Site) -> None:
    port = free_port()
    with _another_start_at_work(site):
        starts = [site.begin("start", "--port", str(port), *_ONE_WORKER) for _ in range(2)]
        for process in starts:
            assert process.stdout is not None
            assert "another `sweeper ui start` is at work here" in process.stdout.readline()
    said = sorted(" ".join(start.communicate()[0].split()) for start in starts)
    assert [start.returncode for start in starts] == [0, 0], said
    address, record = f"http://127.0.0.1:{port}", site.record
    site.note()
    assert said[0].startswith(f"ready {address}")
    assert said[1].startswith(f"running already {address}")

    found = site.status()
    assert (found["state"], found["pid"], found["auth"]) == ("running", record.pid, False)
    assert found["addresses"] == [address]
    code, words = site.run("start", "--port", str(port + 1))
    assert (code, f"and it is on port {port}" in words) == (2, True)
    code, words = site.run("start", "--host", "0.0.0.0", "--no-auth")
    assert (code, "is open to this machine only" in words) == (2, True)

    other = replace(site, folder=site.folder.parent)
    code, words = other.run("start", "--port", str(port))
    assert (code, "is taken by the MLflow UI of sqlite:///" in words) == (2, True)
    assert f"in {site.folder} (`sweeper ui stop` there ends it)" in words

    here = f"{address}/#/experiments/1/runs/c0ffee?workflowType=machine_learning"
    assert run_url(None, "1", "c0ffee", site.folder) == here
    assert answer(record, "/ajax-api/2.0/mlflow/experiments/search?max_results=1", 30) == 200

    follower = site.begin("logs", "-f")
    assert follower.stdout is not None
    assert "sweeper ui starts the server" in next(iter(follower.stdout))
    assert "the MLflow UI is stopped" in site.says("stop")
    rest, _ = follower.communicate(timeout=60)
    assert "Shutting down" in rest
    assert "the server has been stopped" in rest
    assert site.processes() == []
    assert site.run("status")[0] == 1
    assert "no MLflow UI is running here" in site.says("stop")
    assert run_url(None, "1", "c0ffee", site.folder) is None


@contextmanager
def _another_start_at_work(site: Site) -> Iterator[None]:
    site.place.state.mkdir()
    with (site.place.state / f"{socket.gethostname()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Another program that listens: its port and pid."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not _listens(port):
            time.sleep(0.05)
        yield port, process.pid
        process.kill()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_taken_port_then_killed_behind_its_back(
    site: Site, stranger: tuple[int, int], eventually: Wait
) -> None:
    port, pid = stranger
    code, said = site.run("start", "--port", str(port))
    assert code == 2
    assert f"port {port} is taken by process {pid} of " in said
    assert "-m http.server" in said
    assert "or `--port auto`" in said

    # a person at a terminal is offered the next free one, and takes it
    code, said = _at_a_terminal(site, "start", "--port", str(port), *_ONE_WORKER)
    assert code == 0, said
    first = site.record
    assert f"take port {first.port}?" in said
    assert first.port > port

    os.kill(first.pid, signal.SIGKILL)
    eventually(lambda: first.leader is None)
    assert look(site.place).standing is Standing.HEADLESS
    assert "killed, but for some of its processes" in site.run("status")[1]
    assert run_url(None, "1", "c0ffee", site.folder) is None
    said = site.says("start", "--port", str(first.port), *_ONE_WORKER)
    assert f"the last server, process {first.pid}, ended without `sweeper ui stop`" in said
    assert "it left have been ended" in said
    assert f"ready http://127.0.0.1:{first.port}" in said

    for process in site.processes():
        process.kill()
    eventually(lambda: site.processes() == [])
    code, said = site.run("status")
    assert (code, "gone without a stop" in said) == (1, True)
    assert "was gone already: killed, or lost in a restart" in site.says("stop")
    assert site.status()["state"] == "none"


def _at_a_terminal(site: Site, *words: str) -> tuple[int, str]:
    """Run the program on a terminal on which somebody presses Enter."""
    ours, theirs = pty.openpty()
    os.write(ours, b"\n")
    process = site.begin(*words, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    while chunk := _read(ours):
        said += chunk
    os.close(ours)
    code = process.wait(60)
    site.note()
    return code, " ".join(said.decode().split())


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # nobody has it open any more
        return b""


def test_one_that_hangs_is_killed_after_the_grace_time(site: Site) -> None:
    site.says("start", "--port", str(free_port()))
    assert len(site.processes()) > 2
    for process in site.processes():
        process.suspend()
    code, said = site.run("status")
    assert (code, "not answering" in said, "also if it hangs" in said) == (1, True, True)
    code, said = site.run("start")
    assert code == 2
    assert f"there is a server, process {site.record.pid}, but it does not answer" in said
    said = site.says("stop", "--grace", "0.5")
    assert "it did not end within 0.5 s of SIGTERM and was killed" in said
    assert site.processes() == []


def test_a_stale_record_whose_pid_is_a_strangers_now(site: Site) -> None:
    with subprocess.Popen(["sleep", "600"]) as stranger:
        created = psutil.Process(stranger.pid).create_time()
        record = UiRecord(
            *(stranger.pid, created, "of another life", time.time() - 9999, "127.0.0.1", 5000),
            addresses=("http://127.0.0.1:5000",),
            open_to_others=False,
            auth=False,
        )
        site.place.state.mkdir()
        record.write(site.place)
        assert read_record(site.place) == record
        assert look(site.place).standing is Standing.GONE
        assert run_url(None, "1", "c0ffee", site.folder) is None
        said: list[str] = []
        assert not stop(site.place, said.append)
        assert stranger.poll() is None
        stranger.kill()
    assert said == [
        f"the server, process {stranger.pid}, was gone already: killed, or lost in a restart"
    ]
    assert look(site.place).standing is Standing.NONE


def test_a_damaged_record_is_none(site: Site) -> None:
    site.place.state.mkdir()
    path = site.place.state / f"{socket.gethostname()}.json"
    for text in ("", "[1]", '{"pid": 1}', '{"addresses": []}'):
        path.write_text(text)
        assert look(site.place).standing is Standing.NONE


def test_in_the_foreground_until_ctrl_c(site: Site) -> None:
    (site.folder / "mlflow.db").unlink()
    process = site.begin("--port", str(free_port()), *_ONE_WORKER)
    assert process.stdout is not None
    lines = iter(process.stdout)
    assert "there is no MLflow store yet; a new one is made" in next(lines)
    line = next(line for line in lines if line.startswith("ready"))
    site.note()
    assert f"http://127.0.0.1:{site.record.port}" in line
    assert look(site.place).standing is Standing.RUNNING
    assert look(locate(None, site.folder.parent)).standing is Standing.NONE, "another project's"
    assert any("Uvicorn running on" in line for line in lines)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "the MLflow UI is stopped" in said
    assert site.processes() == []


def test_in_the_foreground_until_the_terminal_is_closed(site: Site) -> None:
    """The kernel tells so, and `uv run` once more, while the server is being ended."""
    ours, theirs = pty.openpty()
    process = site.begin(
        *("--port", str(free_port()), *_ONE_WORKER),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    while b"ready" not in _read(ours):
        assert process.poll() is None
    site.note()
    os.close(ours)
    while process.poll() is None:
        process.send_signal(signal.SIGHUP)
        time.sleep(0.02)
    assert site.processes() == []
    assert look(site.place).standing is Standing.NONE


def test_a_server_that_cannot_start_says_why(site: Site) -> None:
    (site.folder / "mlflow.db").write_bytes(b"no database" * 1000)
    code, said = site.run("start", "--port", str(free_port()))
    assert code == 2
    assert "the server did not start. The end of its log" in said
    assert "file is not a database" in said
    assert site.status()["state"] == "none"
    assert site.processes() == []


def test_a_start_that_is_given_up_leaves_nothing(site: Site, eventually: Wait) -> None:
    code, said = site.run("start", "--port", str(free_port()), "--timeout", "1")
    assert (code, "was not ready after 1 s and was ended" in said) == (2, True)
    assert site.processes() == []
    process = site.begin("start", "--port", str(free_port()))
    eventually(lambda: read_record(site.place) is not None)
    site.note()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode != 0
    eventually(lambda: site.processes() == [])
    assert site.status()["state"] == "none"
