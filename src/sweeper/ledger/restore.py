"""A sweep's folder, made of its copy in PostgreSQL on a machine that does not have it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from sweeper.errors import LedgerError, SweepNotFound
from sweeper.ledger.database import Database
from sweeper.ledger.files import put_in_place, told
from sweeper.ledger.lock import holder
from sweeper.ledger.paths import SweepPaths

__all__ = ["restore"]

_OF_A_START = {"lock", "preflight"}
"""What a driver leaves that could not begin, since another machine's was faster."""


def restore(paths: SweepPaths, uri: str) -> None:
    """Make the folder in ``paths`` of what ``uri`` has of the sweep; it appears whole.

    Raises:
        SweepNotFound: the database has no such sweep; the message names those it has.
        SweepLocked: another machine's driver is at work on it.
        LedgerError: the database does not answer, or there is something in the folder already.
    """
    name = paths.root.name
    with closing(Database(uri)) as database:
        database.open()
        _check_known(name, database)
        left = _left_by_a_start(paths)
        database.check_free(name)
        with told(paths.root, "restore"):
            paths.root.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=paths.root.parent, prefix=".restored-") as folder:
                made = Path(folder) / name
                _write(made, database.contents(name))
                for path in left:
                    path.replace(made / path.name)
                put_in_place(made, paths.root)  # which the system refuses if it is not empty


def _check_known(name: str, database: Database) -> None:
    known = database.sweeps()
    if name not in known:
        from sweeper.config.messages import did_you_mean

        hint = did_you_mean(name, known) or f" (there: {', '.join(known) or 'none yet'})"
        raise SweepNotFound(f"no sweep {name!r} in {database.uri}{hint}")


def _left_by_a_start(paths: SweepPaths) -> list[Path]:
    """What is in the folder, if nobody needs it where it is."""
    found = list(paths.root.iterdir()) if paths.root.exists() else []
    if holder(paths.lock) or any(path.name not in _OF_A_START for path in found):
        raise LedgerError(f"{paths.root} is no sweep, but not empty either: move it away")
    return found


def _write(folder: Path, contents: Iterable[tuple[str, int, bytes]]) -> None:
    """Write all pieces, which come in order; a long sweep's log has some hundred thousand."""
    folder.mkdir()
    for file, pieces in groupby(contents, key=itemgetter(0)):
        path = folder / file
        if not path.resolve().is_relative_to(folder.resolve()):
            raise LedgerError(f"the copy has a file outside of the sweep's folder: {file!r}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as log:
            for _, start, data in pieces:
                if log.tell() != start:
                    lacks = f"lacks bytes from {log.tell()} to {start}"
                    raise LedgerError(f"the copy of {file} {lacks}")
                log.write(data)
            log.flush()
            os.fsync(log.fileno())
