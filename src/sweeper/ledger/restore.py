"""A sweep's folder, made of its copy in PostgreSQL on a machine that does not have it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from sweeper.errors import LedgerError, SweepNotFound
from sweeper.ledger.database import Database
from sweeper.ledger.files import put_in_place, told
from sweeper.ledger.paths import SweepPaths

__all__ = ["restore"]


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
        if paths.root.exists() and any(paths.root.iterdir()):
            raise LedgerError(f"{paths.root} is no sweep, but not empty either: move it away")
        database.check_free(name)
        with told(paths.root, "restore"):
            paths.root.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=paths.root.parent, prefix=".restored-") as folder:
                made = Path(folder) / name
                _write(made, database.contents(name))
                put_in_place(made, paths.root)  # which the system refuses if it is not empty


def _check_known(name: str, database: Database) -> None:
    known = database.sweeps()
    if name not in known:
        from sweeper.config.messages import did_you_mean

        hint = did_you_mean(name, known) or f" (there: {', '.join(known) or 'none yet'})"
        raise SweepNotFound(f"no sweep {name!r} in {database.uri}{hint}")


def _write(folder: Path, contents: Iterable[tuple[str, int, bytes]]) -> None:
    written: set[Path] = set()
    for file, start, data in contents:
        path = folder / file
        if not path.resolve().is_relative_to(folder.resolve()):
            raise LedgerError(f"the copy has a file outside of the sweep's folder: {file!r}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as log:
            if log.tell() != start:
                raise LedgerError(f"the copy of {file} lacks bytes from {log.tell()} to {start}")
            log.write(data)
        written.add(path)
    for path in written:
        with path.open("rb") as file_:
            os.fsync(file_.fileno())
