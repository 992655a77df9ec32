"""One driver a sweep, and no dead one."""

import errno
import fcntl
import os
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sweeper.errors import LedgerError, SweepLocked
from sweeper.ledger.lock import SweepLock, holder

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
