"""The table in PostgreSQL that has the copies of ledgers, and the lock of each sweep in it.

    sweep   its name; empty for the row with the version of this format
    file    a file of its folder, or ``driver``: who writes the copy, and by which token
    start   the first byte; a log has a row for each time that it was shipped
    data    the bytes

A sweep's driver holds an advisory lock, which the server lets go when its connection is gone, and
its token is in the row ``driver``. Each transaction looks for the token first. So a driver that has
lost its connection, and with it the lock, cannot write a byte once another one has taken the sweep.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from sweeper.errors import LedgerError, SweepLocked
from sweeper.ledger.cut import Piece
from sweeper.ledger.lock import Holder

__all__ = ["Database", "Owner", "TakenOver"]

_VERSION = 1
_DRIVER = "driver"
_CONNECTION = {
    "connect_timeout": 10,
    # a server that does not answer any more is noticed within half a minute ...
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # ms
}
_SETTINGS = {
    # ... and so is a driver by the server, which then lets go of its lock
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30s",
    "lock_timeout": "20s",
    "statement_timeout": "120s",
    "idle_in_transaction_session_timeout": "60s",
}
_rows = sa.Table(
    "sweeper_ledger",
    sa.MetaData(),
    sa.Column("sweep", sa.Text, primary_key=True),
    sa.Column("file", sa.Text, primary_key=True),
    sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who writes a sweep's copy, or was the last to do so."""

    token: str
    driver: Holder

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.driver.since))
        return f"{self.driver} since {since}"


class TakenOver(LedgerError):
    """Another driver has the sweep now."""


class Database:
    """One connection, which is made anew after each error.

    Args:
        uri: ``postgresql://user@host/database``; a password comes from the environment, as libpq
            has it.

    Raises:
        LedgerError: from all methods: the database does not answer, or refuses.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._connection: sa.Connection | None = None

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    def open(self) -> None:
        """Connect; the table is made where there is none."""
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    def _connect(self) -> None:
        with self._told():
            address = make_url(self.uri).set(drivername="postgresql+psycopg2")
            engine = sa.create_engine(
                address, poolclass=sa.NullPool, connect_args=_CONNECTION, hide_parameters=True
            )
            self._connection = engine.connect()
            for name, value in _SETTINGS.items():
                self._connection.execute(sa.text(f"SET {name} = '{value}'"))
            self._connection.commit()
            self._prepare(self._connection)

    def close(self) -> None:
        """Disconnect, and let go of all locks."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.close()

    def lock(self, sweep: str) -> bool:
        """Take the sweep's lock, unless another connection has it."""
        with self._transaction() as connection:
            return bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_key(sweep)))))

    def check_free(self, sweep: str) -> None:
        """Take the sweep's lock.

        Raises:
            SweepLocked: another driver has it.
        """
        if not self.lock(sweep):
            who = self.owner(sweep) or "another driver"
            raise SweepLocked(
                f"sweep {sweep!r} is being run by {who}, as {self.uri} has it. `sweeper stop "
                f"{sweep}` on that machine ends it; if that is dead, its lock ends within a minute."
            )

    def owner(self, sweep: str) -> Owner | None:
        """Who writes the sweep's copy, or was the last to do so."""
        with self._transaction() as connection:
            return _owner(connection, sweep)

    def own(self, sweep: str, owner: Owner) -> None:
        """From now on nobody but ``owner`` writes the sweep's copy; for who has its lock."""
        data = json.dumps({"token": owner.token, **asdict(owner.driver)}).encode()
        with self._transaction() as connection:
            _replace(connection, sweep, _DRIVER, data)

    def write(
        self,
        sweep: str,
        owner: Owner,
        logs: Iterable[tuple[str, int, bytes]] = (),
        whole: Mapping[str, bytes] | None = None,
    ) -> None:
        """Add bytes to logs (name, first byte, bytes) and replace whole files, all or nothing.

        Raises:
            TakenOver: ``owner`` is the driver no more.
        """
        with self._transaction() as connection:
            found = _owner(connection, sweep, lock=True)
            if found is None:
                raise LedgerError(
                    f"{self.uri} has lost the copy of {sweep!r}; the next session makes it anew"
                )
            if found.token != owner.token:
                raise TakenOver(f"{found.driver} has taken the sweep over")
            for file, data in (whole or {}).items():
                _replace(connection, sweep, file, data)
            for file, start, data in logs:
                _append(connection, sweep, file, start, data)

    def pieces(self, sweep: str) -> list[Piece]:
        """All that the copy has."""
        columns = _rows.c.file, _rows.c.start, sa.func.octet_length(_rows.c.data)
        digest = sa.func.sha256(_rows.c.data, type_=sa.LargeBinary)
        found = sa.select(*columns, digest).where(_of(sweep), _rows.c.file != _DRIVER)
        with self._transaction() as connection:
            return [Piece(*row) for row in connection.execute(found)]

    def lengths(self, sweep: str) -> dict[str, int]:
        """How many bytes the copy has of each file."""
        end = sa.func.max(_rows.c.start + sa.func.octet_length(_rows.c.data)).label("size")
        found = sa.select(_rows.c.file, end).where(_of(sweep), _rows.c.file != _DRIVER)
        with self._transaction() as connection:
            rows = connection.execute(found.group_by(_rows.c.file))
            return {row.file: row.size for row in rows}

    def read(self, sweep: str, file: str) -> bytes | None:
        """A file that is no log; None where it is not there."""
        found = sa.select(_rows.c.data).where(_of(sweep), _rows.c.file == file)
        with self._transaction() as connection:
            return connection.scalar(found)

    def contents(self, sweep: str) -> Iterator[tuple[str, int, bytes]]:
        """Every piece in order, of one moment: file, first byte, bytes."""
        columns = _rows.c.file, _rows.c.start, _rows.c.data
        found = sa.select(*columns).where(_of(sweep), _rows.c.file != _DRIVER)
        with self._transaction() as connection:
            ordered = found.order_by(_rows.c.file, _rows.c.start).execution_options(yield_per=16)
            for row in connection.execute(ordered):
                yield row.file, row.start, row.data

    def sweeps(self) -> list[str]:
        """Names of all sweeps that have a copy."""
        found = sa.select(_rows.c.sweep).where(_rows.c.file == "manifest.json")
        with self._transaction() as connection:
            return list(connection.scalars(found.order_by(_rows.c.sweep)))

    def _prepare(self, connection: sa.Connection) -> None:
        with connection.begin():
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_key(""))))
            _rows.metadata.create_all(connection)
            found = sa.select(_rows.c.data).where(_of(""), _rows.c.file == "version")
            version = connection.scalar(found)
            if version is None:
                _replace(connection, "", "version", str(_VERSION).encode())
            elif int(version) > _VERSION:
                raise LedgerError(
                    f"{self.uri} has ledgers of version {int(version)}; this sweeper reads up to "
                    f"{_VERSION}. Use the sweeper that wrote them, or a newer one."
                )

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with self._told():
            if self._connection is None:
                raise LedgerError(f"{self.uri} is not connected")
            with self._connection.begin():
                yield self._connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except ImportError as error:
            raise LedgerError(
                "a ledger in PostgreSQL needs psycopg2: `uv sync --extra postgres`"
            ) from error
        except SQLAlchemyError as error:
            self.close()
            said = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
            raise LedgerError(f"{self.uri} fails: {said.splitlines()[0]}") from error


def _key(sweep: str) -> int:
    """The number of the advisory lock of a sweep; of the table itself for an empty name."""
    digest = hashlib.sha256(f"sweeper ledger {sweep}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


def _of(sweep: str) -> sa.ColumnElement[bool]:
    return _rows.c.sweep == sweep


def _owner(connection: sa.Connection, sweep: str, *, lock: bool = False) -> Owner | None:
    query = sa.select(_rows.c.data).where(_of(sweep), _rows.c.file == _DRIVER)
    found = connection.scalar(query.with_for_update() if lock else query)
    if found is None:
        return None
    fields = json.loads(found)
    return Owner(fields.pop("token"), Holder(**fields))


def _replace(connection: sa.Connection, sweep: str, file: str, data: bytes) -> None:
    row = {"sweep": sweep, "file": file, "start": 0, "data": data}
    new = insert(_rows).values(row)
    connection.execute(
        new.on_conflict_do_update(index_elements=_rows.primary_key.columns, set_={"data": data})
    )


def _append(connection: sa.Connection, sweep: str, file: str, start: int, data: bytes) -> None:
    row = {"sweep": sweep, "file": file, "start": start, "data": data}
    connection.execute(sa.insert(_rows).values(row))
