"""One driver a sweep, and no dead one."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sweeper.errors import SweepLocked
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
