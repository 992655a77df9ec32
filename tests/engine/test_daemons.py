"""Ray's processes that are killed under a driver."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_DRIVER = """
import subprocess, sys, threading, time
from pathlib import Path
from sweeper.engine import daemons
daemons._PATIENCE_SECONDS = 1.0
child = subprocess.Popen(["sleep", "60"])
daemons._NAMES = ("sleep",)
lost = threading.Event()
def say(what):
    print(what, flush=True)
    lost.set()
guard = daemons.Guard(say, last_act=lambda: Path("acted").touch())
print(child.pid, flush=True)
{then}
"""
_STUCK = "time.sleep(60)"
_LEAVES = "lost.wait(60); guard.stop(); guard.left(); time.sleep(3); sys.exit(3)"
_ENDS_IN_ORDER = "guard.stop(); child.kill(); child.wait(); time.sleep(3); sys.exit(4)"


@pytest.mark.parametrize(
    ("then", "said", "code", "acted"),
    [
        (_STUCK, "Ray's sleep was killed", 130, True),
        (_LEAVES, "Ray's sleep was killed", 3, False),
        (_ENDS_IN_ORDER, "", 4, False),
    ],
)
def test_a_driver_never_waits_for_a_dead_daemon(
    tmp_path: Path, then: str, said: str, code: int, acted: bool
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _DRIVER.format(then=then)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    if said:  # otherwise the driver ends it itself, perhaps before we get here
        os.kill(child, signal.SIGKILL)
    out, _ = process.communicate(timeout=50)
    assert (out.strip(), process.returncode) == (said, code)
    assert (tmp_path / "acted").exists() == acted
