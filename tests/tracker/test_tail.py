"""Reading the history while it is being written."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.errors import LedgerError
from sweeper.tracker.tail import count_lines, first_time, length, read_chunk


def _history(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "history.jsonl"
    path.write_text(text)
    return path


def test_a_line_that_is_being_written_waits(tmp_path: Path) -> None:
    path = _history(tmp_path, '{"time":1.5}\n{"ti')
    chunk = read_chunk(path, 0)
    assert [event["time"] for event in chunk.events] == [1.5]
    with path.open("a") as file:
        file.write('me":2.5}\n')
    assert [event["time"] for event in read_chunk(path, chunk.end).events] == [2.5]


def test_nothing_is_read_where_nothing_is(tmp_path: Path) -> None:
    missing = tmp_path / "none.jsonl"
    assert read_chunk(missing, 0).events == ()
    assert count_lines(missing, 0) == 0
    assert first_time(missing) is None
    assert first_time(_history(tmp_path, '{"time":1')) is None
    assert first_time(_history(tmp_path, '{"time":7}\n{"time":8}\n')) == 7.0


@given(lines=st.lists(st.text("ab\u00e9", max_size=9), max_size=20), size=st.integers(1, 40))
def test_chunks_of_any_size_give_every_line_once(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], size: int
) -> None:
    path = _history(tmp_path_factory.mktemp("tail"), "".join(f'{{"x":"{x}"}}\n' for x in lines))
    offset, found = 0, []
    while (chunk := read_chunk(path, offset, size=size)).events:
        found += [event["x"] for event in chunk.events]
        assert count_lines(path, chunk.end) == len(lines) - len(found)
        offset = chunk.end
    assert found == lines
    assert offset == path.stat().st_size


def test_a_chunk_ends_where_it_is_told_to(tmp_path: Path) -> None:
    path = _history(tmp_path, '{"x":1}\n{"x":2}\n{"x":3}\n')
    chunk = read_chunk(path, 8, stop=16)
    assert [event["x"] for event in chunk.events] == [2]
    assert chunk.end == 16
    assert read_chunk(path, 16, stop=16).events == ()


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = _history(tmp_path, '{"x":1}\n{"x":\n')
    with pytest.raises(LedgerError, match=r"history\.jsonl: damaged line"):
        read_chunk(path, 0)


def test_what_is_shipped_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.jsonl"
    assert length(path) == 0
    path.write_text("{}\n")
    waits: list[int] = []

    def wait(_: int) -> None:
        waits.append(path.stat().st_size)
        path.write_text("{}\n{}\n")  # the driver goes on meanwhile

    monkeypatch.setattr(os, "fsync", wait)
    assert length(path) == 3
    assert waits == [3]
