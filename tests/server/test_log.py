"""The end of a log, and what is still coming."""

from __future__ import annotations

from pathlib import Path

from sweeper.server import log


def test_tail(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    assert log.tail(path, 3) == ""
    path.write_text("".join(f"{n} 줄\n" for n in range(10)))
    assert log.tail(path, 2) == "8 줄\n9 줄\n"
    assert log.tail(path, 0) == ""
    assert log.tail(path, 99, since=len("0 줄\n".encode()) * 9) == "9 줄\n"


def test_follow_ends_with_what_came_last(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("old\n")
    coming = [b"new\n", b"", "줄\n".encode()[:2], "줄\n".encode()[2:]]

    def goes_on() -> bool:
        with path.open("ab") as file:
            file.write(coming.pop(0))
        return bool(coming)

    assert "".join(log.follow(path, 4, goes_on)) == "new\n줄\n"
    assert coming == []


def test_a_large_log_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    log.make_room(path)
    path.write_text("small")
    log.make_room(path)
    assert path.exists()
    with path.open("ab") as file:
        file.truncate(log._MOST_BYTES + 1)
    log.make_room(path)
    assert not path.exists()
    assert path.with_name("a.log.1").exists()
