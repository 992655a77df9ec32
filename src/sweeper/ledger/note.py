"""What a driver says of itself while it works, for those who look from outside."""

from __future__ import annotations

import enum
import json
from dataclasses import asdict, dataclass

from sweeper.ledger.files import write_atomically
from sweeper.ledger.paths import SweepPaths

__all__ = ["Doing", "DriverNote", "read_note", "write_note"]


class Doing(enum.StrEnum):
    """What a driver is at."""

    RUNNING = "running"
    STOPPING = "stopping"
    """No new trial starts; the running ones finish."""
    PAUSING = "pausing"
    """The running trials leave their workers after their epoch."""
    PAUSED = "paused"
    CLOSING = "closing"
    """Training is over: the summary is written, and MLflow brought up to date."""


@dataclass(frozen=True, slots=True)
class DriverNote:
    """Attributes:
    slots: trials that it can run at the same time.
    why: in words, who wanted what it does; empty while it just works.
    trouble: why MLflow is behind; empty while all is well.
    copy_trouble: why the ledger's copy in a database is behind; empty while all is well.
    tracking_uri: where it mirrors to, without password; empty for MLflow's default.
    """

    doing: Doing
    slots: int
    why: str = ""
    trouble: str = ""
    tracking_uri: str = ""
    copy_trouble: str = ""


def write_note(paths: SweepPaths, note: DriverNote) -> None:
    """Replace the note.

    Raises:
        LedgerError: the folder cannot be written.
    """
    write_atomically(paths.note, json.dumps(asdict(note)) + "\n")


def read_note(paths: SweepPaths) -> DriverNote | None:
    """The note of the last driver, alive or not; None where there is none that can be read."""
    try:
        found = json.loads(paths.note.read_text(encoding="utf-8"))
        return DriverNote(**{**found, "doing": Doing(found["doing"])})
    except (OSError, ValueError, LookupError, TypeError):
        return None
