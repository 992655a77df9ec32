"""Whole files, whole lines: what a crash or a full disk may leave behind."""

import json
import os
import resource
import signal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeper.errors import LedgerError
from sweeper.ledger.files import LineLog, cut_torn_line, write_atomically


def test_write_atomically_replaces_the_whole_text(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "manifest.json"
    write_atomically(path, "old and long")
    write_atomically(path, "new")
    assert path.read_text() == "new"
    assert [p.name for p in path.parent.iterdir()] == ["manifest.json"]


@given(
    lines=st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b""))), torn=st.binary()
)
@settings(max_examples=60)
def test_cut_torn_line_keeps_every_whole_line(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], torn: bytes
) -> None:
    path = tmp_path_factory.mktemp("torn") / "log"
    whole = b"".join(line + b"\n" for line in lines)
    path.write_bytes(whole + torn.replace(b"\n", b""))
    cut_torn_line(path)
    assert path.read_bytes() == whole


def test_cut_torn_line_finds_a_line_end_far_back(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"whole\n" + b"x" * 300_000)
    cut_torn_line(path)
    assert path.read_bytes() == b"whole\n"


def test_appended_lines_are_read_back_after_a_torn_one(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b'{"a":1}\n{"a":')
    log = LineLog(path)
    log.append({"a": 2}, {"a": 3})
    log.close()
    assert [json.loads(line)["a"] for line in path.read_text().splitlines()] == [1, 2, 3]


def test_the_disk_is_waited_for_where_it_lacks_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    monkeypatch.setattr(os, "fsync", waits.append)
    log = LineLog(tmp_path / "log")
    log.sync()  # for what an earlier process may have left
    log.sync()
    assert len(waits) == 1
    log.append({"a": 1}, sync=False)
    log.append({"a": 2}, sync=False)
    assert len(waits) == 1
    log.sync()
    log.sync()
    assert len(waits) == 2
    log.append({"a": 3}, sync=False)
    log.append({"a": 4})
    log.sync()
    assert len(waits) == 3
    log.close()


def test_a_full_disk_loses_nothing_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = LineLog(path)
    log.append({"kept": True})
    old_handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    old_limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40, old_limit[1]))
    try:
        with pytest.raises(LedgerError, match=r"cannot append to .*log"):
            log.append({"text": "x" * 100})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old_limit)
        signal.signal(signal.SIGXFSZ, old_handler)
    log.append({"again": 1})
    log.close()
    assert path.read_text() == '{"kept":true}\n{"again":1}\n'


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(LedgerError, match=str(tmp_path)):
        write_atomically(tmp_path / "manifest.json", "x")


def test_a_file_in_the_way_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "sweeps").write_text("a file, not a folder")
    with pytest.raises(LedgerError, match="sweeps"):
        LineLog(tmp_path / "sweeps" / "history.jsonl")
