"""Ray's own processes: without them the driver waits for ever, until Ray ends it from within."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import psutil

__all__ = ["Guard"]

_NAMES = ("gcs_server", "raylet")
_LOOK_SECONDS, _PATIENCE_SECONDS = 1.0, 15.0
_EXIT_CODE = 130  # running trials go on with the next session, as after a SIGTERM


class Guard:
    """Notices that one of this process's Ray daemons is gone.

    Args:
        on_lost: called then, in another thread, with what to say; it shall make the driver leave.
        last_act: called if the driver has not left after some seconds, since it waits for the
            daemon inside of Ray, where no exception reaches it. This process ends after it.
    """

    def __init__(self, on_lost: Callable[[str], None], last_act: Callable[[], None]) -> None:
        below = psutil.Process().children(recursive=True)
        self._daemons = {p.name(): p for p in below if p.is_running() and p.name() in _NAMES}
        self._on_lost, self._last_act = on_lost, last_act
        self._stopping, self._left = threading.Event(), threading.Event()
        threading.Thread(target=self._watch, name="ray-guard", daemon=True).start()

    def stop(self) -> None:
        """The daemons are going to be ended in order."""
        self._stopping.set()

    def left(self) -> None:
        """The driver has done with Ray."""
        self._left.set()

    def _watch(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            gone = [name for name, process in self._daemons.items() if not _lives(process)]
            if gone:
                self._on_lost(f"Ray's {gone[0]} was killed")
                if not self._left.wait(_PATIENCE_SECONDS):
                    try:
                        self._last_act()
                    finally:
                        os._exit(_EXIT_CODE)
                return


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
