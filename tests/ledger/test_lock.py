"""One driver a sweep, and no dead one."""

import errno
import fcntl
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sweeper.errors import LedgerError, SweepLocked
from sweeper.ledger.lock import SweepLock, holder, last_beat, last_holder

_HOLD = """
import sys, time
from pathlib import Path
from sweeper.ledger.lock import SweepLock
with SweepLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_holder_is_named_and_freed(tmp_path: Path) -> None:
    path = tmp_path / "dprnn" / "lock"
    assert holder(path) is None
    with SweepLock(path):
        found = holder(path)
        assert found is not None
        assert (found.host, found.pid) == (socket.gethostname(), os.getpid())
        with pytest.raises(SweepLocked, match=rf"'dprnn' .* process {os.getpid()} on "):
            SweepLock(path).__enter__()
    assert holder(path) is None
    with SweepLock(path):
        pass


def test_a_killed_holder_keeps_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        found = holder(path)
        assert found is not None
        assert found.pid == child.pid
        with pytest.raises(SweepLocked):
            SweepLock(path).__enter__()
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert holder(path) is None
    with SweepLock(path):
        pass


def test_a_file_system_without_locks_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(LedgerError, match=r"cannot lock .*lock: No locks available") as found:
        SweepLock(tmp_path / "lock").__enter__()
    assert not isinstance(found.value, SweepLocked)


def test_a_full_disk_is_told_and_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    old_handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    old_limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, old_limit[1]))
    try:
        with pytest.raises(LedgerError, match=r"cannot lock .*lock: File too large"):
            SweepLock(path).__enter__()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old_limit)
        signal.signal(signal.SIGXFSZ, old_handler)
    with SweepLock(path):
        pass


def test_a_killed_holder_is_still_named(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text(json.dumps({"host": socket.gethostname(), "pid": 7, "since": 1.0}))
    assert holder(path) is None
    found = last_holder(path)
    assert found is not None
    assert (found.address, found.is_here) == (f"7@{socket.gethostname()}", True)
    with SweepLock(path):
        pass
    assert last_holder(path) is None


def test_a_holder_on_another_machine_counts_while_it_gives_signs_of_life(tmp_path: Path) -> None:
    """As where the shared folder does not carry the kernel's locks."""
    path = tmp_path / "dprnn" / "lock"
    path.parent.mkdir()
    path.write_text(json.dumps({"host": "mars", "pid": 7, "since": 1.0}))
    os.utime(path, (time.time(), time.time() - 20))
    found = holder(path)
    assert found is not None
    assert (found.address, found.is_here) == ("7@mars", False)
    with pytest.raises(SweepLocked, match=r"process 7 on mars .*last sign of life 20 s ago"):
        SweepLock(path).__enter__()
    os.utime(path, (time.time(), time.time() - 120))
    assert holder(path) is None
    with SweepLock(path):
        assert last_holder(path).pid == os.getpid()  # type: ignore[union-attr]


def test_a_holder_gives_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sweeper.ledger.lock._BEAT_SECONDS", 0.01)
    path = tmp_path / "lock"
    with SweepLock(path):
        os.utime(path, (1.0, 1.0))
        end = time.monotonic() + 60
        while (last_beat(path) or 0.0) == 1.0:
            assert time.monotonic() < end
            time.sleep(0.01)


def test_somebody_who_looks_at_the_lock_is_no_driver(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        threading.Timer(0.1, fcntl.flock, (file, fcntl.LOCK_UN)).start()
        with SweepLock(path):
            assert holder(path) is not None
