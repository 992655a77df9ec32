"""What Ray's workers wrote outside of their trials: the stack of one that crashed, above all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

__all__ = ["keep_worker_logs"]

_MOST_FILES = 50
_MOST_BYTES = 200_000  # of one file: its end, where a crash is
_HEADER = (b":job_id:", b":actor_name:", b":task_name:")


def keep_worker_logs(scratch: Path, folder: Path) -> None:
    """Copy to ``folder`` what workers wrote to the files in Ray's ``scratch``, which goes.

    They are what tells of a crash in C. Empty ones are left out. What cannot be read or written is
    missing then, as on a full disk; nothing depends on it.
    """
    with contextlib.suppress(OSError):
        for name, said in _said(scratch / "session_latest" / "logs"):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(said)


def _said(logs: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of those that have any, the newest ones."""
    found = sorted(logs.glob("worker-*.*"), key=lambda path: path.stat().st_mtime)
    spoken = ((path, said) for path in reversed(found) if (said := _content(path)))
    for path, said in islice(spoken, _MOST_FILES):
        worker, *_, process = path.stem.removeprefix("worker-").split("-")
        yield f"worker-{process}-{worker[:8]}{path.suffix}", said


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _MOST_BYTES))
        return b"".join(line for line in file if not line.startswith(_HEADER))
