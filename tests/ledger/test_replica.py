"""The ledger's copy in a real PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from postgres import PASSWORD, Postgres, served
from sweeper.errors import LedgerError, SweepLocked, SweepNotFound
from sweeper.ledger.cut import take
from sweeper.ledger.database import Database, TakenOver
from sweeper.ledger.files import LineLog, write_atomically
from sweeper.ledger.follower import Follower
from sweeper.ledger.lock import SweepLock
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.ledger.replica import Replica
from sweeper.ledger.restore import restore

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with served() as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        yield made


@pytest.fixture
def paths(request: pytest.FixtureRequest, tmp_path: Path) -> SweepPaths:
    """A sweep with a name of its own: all tests have one database."""
    made = SweepPaths(tmp_path / "here" / request.node.name)
    made.root.mkdir(parents=True)
    Manifest.new({}, "space.yaml").write(made)
    made.config.write_text("name: toy\n")
    _write(made, 3)
    return made


def _write(paths: SweepPaths, events: int) -> None:
    for path in (paths.history, paths.journal()):
        with closing(LineLog(path)) as log:
            log.append(*({"event": f"of {path.name}"} for _ in range(events)))


def _contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def _elsewhere(paths: SweepPaths) -> SweepPaths:
    return SweepPaths(paths.root.parents[1] / "there" / paths.root.name)


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_another_machine_has_the_folder_as_it_was_at_the_cut(
    server: Postgres, paths: SweepPaths
) -> None:
    with closing(Replica(paths, server.address)) as replica:
        replica.ship(take(paths, 0))
        _write(paths, 2)
        until, cut = take(paths, 0), _contents(paths.root)
        _write(paths, 1)  # after the cut
        replica.ship(until)
        assert replica.shipped == until
    restore(_elsewhere(paths), server.address)
    assert _contents(_elsewhere(paths).root) == cut


def test_a_large_file_comes_back_from_its_pieces(
    server: Postgres, paths: SweepPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweeper.ledger.cut._PIECE_BYTES", 7)
    with closing(Replica(paths, server.address)) as replica:
        replica.ship(take(paths, 0))
        _write(paths, 2)
        replica.ship(take(paths, 0))
    restore(_elsewhere(paths), server.address)
    assert _contents(_elsewhere(paths).root) == _contents(paths.root)


def test_a_second_driver_is_refused_until_the_first_one_is_gone(
    server: Postgres, paths: SweepPaths
) -> None:
    first = Replica(paths, server.address)
    first.ship(take(paths, 0))
    for action in (
        lambda: Replica(paths, server.address),
        lambda: restore(_elsewhere(paths), server.address),
    ):
        with pytest.raises(SweepLocked, match=r"is being run by process \d+ on .* since 20"):
            action()
    assert not _elsewhere(paths).root.exists()
    first.close()
    Replica(paths, server.address).close()


def test_a_driver_that_lost_its_connection_goes_on_or_sees_that_it_was_taken_over(
    server: Postgres, paths: SweepPaths
) -> None:
    first = Replica(paths, server.address)
    first.ship(take(paths, 0))
    _cut_off(server)
    _write(paths, 1)
    with pytest.raises(LedgerError, match="fails"):
        first.ship(take(paths, 0))
    first.ship(take(paths, 0))  # it connects again, and nothing is there twice
    restore_refused = pytest.raises(SweepLocked)
    with restore_refused:
        restore(_elsewhere(paths), server.address)
    _cut_off(server)
    restore(_elsewhere(paths), server.address)
    second = Replica(_elsewhere(paths), server.address)
    _write(paths, 1)
    with pytest.raises(LedgerError, match="fails"):
        first.ship(take(paths, 0))
    with pytest.raises(TakenOver, match=r"process \d+ on .* has taken the sweep over"):
        first.ship(take(paths, 0))
    first.close()
    _write(second_paths := _elsewhere(paths), 2)
    second.ship(take(second_paths, 0))
    second.close()
    third = SweepPaths(paths.root.parents[1] / "third" / paths.root.name)
    restore(third, server.address)
    assert _contents(third.root) == _contents(second_paths.root)


def _cut_off(server: Postgres) -> None:
    """End all connections, as a network does that fails."""
    with closing(Database(server.address)) as database:
        database.open()
        with database._transaction() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = current_user AND pid <> pg_backend_pid()"
            )


@pytest.mark.parametrize("how", ["older", "gone", "other"])
def test_a_folder_that_the_copy_does_not_go_on_from_is_refused(
    server: Postgres, paths: SweepPaths, how: str
) -> None:
    old = paths.history.read_bytes()
    _write(paths, 2)
    with closing(Replica(paths, server.address)) as replica:
        replica.ship(take(paths, 0))
    if how == "older":
        paths.history.write_bytes(old)
    elif how == "gone":
        paths.journal().unlink()
    else:
        paths.history.write_bytes(paths.history.read_bytes().replace(b"of", b"no"))
    before = _contents(paths.root)
    with pytest.raises(LedgerError, match=r"Move it away; then `sweeper resume .* --ledger"):
        Replica(paths, server.address)
    assert _contents(paths.root) == before
    restore(_elsewhere(paths), server.address)  # what was there is there
    assert _elsewhere(paths).history.read_bytes().startswith(old)


def test_another_sweep_of_the_same_name_is_refused(server: Postgres, paths: SweepPaths) -> None:
    with closing(Replica(paths, server.address)) as replica:
        replica.ship(take(paths, 0))
    Manifest.new({}, "space.yaml").write(paths)
    with pytest.raises(LedgerError, match="another name"):
        Replica(paths, server.address)


def test_an_unknown_sweep_is_told_with_those_there_are(server: Postgres, paths: SweepPaths) -> None:
    name = paths.root.name
    with closing(Replica(paths, server.address)) as replica:
        replica.ship(take(paths, 0))
    with pytest.raises(SweepNotFound, match=f"did you mean '{name}'"):
        restore(SweepPaths(paths.root.with_name(name[:-1])), server.address)
    with pytest.raises(SweepNotFound, match=f"there: .*{name}"):
        restore(SweepPaths(paths.root.with_name("x")), server.address)


def test_a_folder_with_something_in_it_is_left_alone(server: Postgres, paths: SweepPaths) -> None:
    with closing(Replica(paths, server.address)) as replica:
        replica.ship(take(paths, 0))
    (there := _elsewhere(paths)).root.mkdir(parents=True)
    (there.root / "mine.txt").write_text("mine")
    with pytest.raises(LedgerError, match="move it away"):
        restore(there, server.address)
    assert _contents(there.root.parent) == {f"{there.root.name}/mine.txt": b"mine"}
    with pytest.raises(SweepNotFound):  # one that is new may have begun to fill its folder
        restore(SweepPaths(there.root.parent), server.address)


def test_a_start_that_came_to_nothing_is_in_nobodys_way(
    server: Postgres, paths: SweepPaths
) -> None:
    """Two machines begin the same sweep at once, and later the second one is to go on with it."""
    there = _elsewhere(paths)
    write_atomically(there.root / "preflight" / "preflight.json", "{}")
    with closing(Replica(paths, server.address)) as first:
        with SweepLock(there.lock), pytest.raises(SweepLocked):
            Replica(there, server.address)
        first.ship(take(paths, 0))
    with SweepLock(there.lock), pytest.raises(LedgerError, match="move it away"):
        restore(there, server.address)
    restore(there, server.address)
    assert _contents(there.root) == {
        **_contents(paths.root),
        "lock": b"",
        "preflight/preflight.json": b"{}",
    }


def test_a_driver_that_goes_on_ships_what_its_folder_has_more(
    server: Postgres, paths: SweepPaths
) -> None:
    with closing(Replica(paths, server.address)) as replica:
        replica.ship(take(paths, 0))
    _write(paths, 4)  # and was killed before it was shipped
    with closing(Replica(paths, server.address)) as replica:
        assert replica.shipped != take(paths, 0)
        replica.ship(take(paths, 0))
    restore(_elsewhere(paths), server.address)
    assert _contents(_elsewhere(paths).root) == _contents(paths.root)


def test_the_follower_says_how_far_behind_it_is_and_catches_up(
    server: Postgres, paths: SweepPaths
) -> None:
    follower = Follower(Replica(paths, server.address), paths, interval=0.05, longest=0.2)
    follower.start()
    try:
        assert follower.safe() == paths.history.stat().st_size
        server.stop()
        _write(paths, 2)
        follower.note(now=True)
        _wait(lambda: bool(follower.status.error))
        assert follower.safe() < paths.history.stat().st_size
        assert "bytes behind since" in str(follower.status)
        assert PASSWORD not in str(follower.status)
        assert not follower.flush(0.3)
        server.start()
        _wait(lambda: not follower.status.error)
        assert follower.flush(60)
        assert str(follower.status) == "up to date"
    finally:
        follower.close()
    restore(_elsewhere(paths), server.address)
    assert _contents(_elsewhere(paths).root) == _contents(paths.root)


def test_a_database_that_is_frozen_is_told_too_and_holds_nobody_up(
    server: Postgres, paths: SweepPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweeper.ledger.follower._SILENCE_SECONDS", 0.3)
    follower = Follower(Replica(paths, server.address), paths, interval=0.05)
    follower.start()
    try:
        with server.frozen():
            _write(paths, 2)
            follower.note(now=True)
            _wait(lambda: "does not answer" in follower.status.error)
            assert not follower.flush(0.1)
        assert follower.flush(60)
        _wait(lambda: str(follower.status) == "up to date")
    finally:
        follower.close()


def test_a_new_study_is_shipped_once_it_is_the_sweeps(server: Postgres, paths: SweepPaths) -> None:
    paths.journal(1).write_text("half made by a driver that was killed\n")
    with closing(Replica(paths, server.address)) as replica:
        replica.ship(take(paths, 0))
    paths.journal(1).write_text("made anew\n")
    with closing(Replica(paths, server.address)) as replica:
        replica.ship(take(paths, 1))
    restore(_elsewhere(paths), server.address)
    assert _elsewhere(paths).journal(1).read_text() == "made anew\n"


def test_what_a_newer_sweeper_has_written_is_not_touched(
    server: Postgres, paths: SweepPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    Replica(paths, server.address).close()
    monkeypatch.setattr("sweeper.ledger.database._VERSION", 0)
    with pytest.raises(LedgerError, match="has ledgers of version 1; this sweeper reads up to 0"):
        Replica(paths, server.address)
