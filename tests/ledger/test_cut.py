"""What the ledger's copy has, and whether a folder goes on from it."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.ledger.cut import Piece, is_log, lengths, new_bytes, read_whole, take, what_is_wrong
from sweeper.ledger.paths import SweepPaths


def _pieces(path: Path, *bounds: int) -> list[Piece]:
    data = path.read_bytes()
    spans = itertools.pairwise(bounds)
    return [
        Piece(path.name, a, b - a, hashlib.sha256(data[a:b]).digest()) for a, b in spans if b > a
    ]


@given(data=st.binary(min_size=1, max_size=60), draw=st.data())
def test_a_folder_goes_on_from_each_of_its_beginnings_and_from_no_other(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, draw: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("sweep") / "history.jsonl"
    path.write_bytes(data)
    bounds = sorted({0, *draw.draw(st.lists(st.integers(0, len(data)), max_size=4))})
    pieces = _pieces(path, *bounds)
    assert lengths(pieces) == ({path.name: bounds[-1]} if pieces else {})
    assert what_is_wrong(path.parent, pieces) == ""
    if not pieces:
        return
    path.write_bytes(data[: bounds[-1] - 1])
    assert "bytes here and at least" in what_is_wrong(path.parent, pieces)
    at = draw.draw(st.integers(0, bounds[-1] - 1))
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert "is another one from byte" in what_is_wrong(path.parent, pieces)
    path.unlink()
    assert "has 0 bytes here" in what_is_wrong(path.parent, pieces)


def test_files_that_are_replaced_may_differ(tmp_path: Path) -> None:
    path = tmp_path / "driver.json"
    path.write_text("{}")
    pieces = _pieces(path, 0, 2)
    path.write_text('{"doing": "running"}')
    assert what_is_wrong(tmp_path, pieces) == ""
    assert lengths(pieces) == {}


def test_a_cut_has_all_logs_but_the_mirrors_and_no_half_made_study(tmp_path: Path) -> None:
    paths = SweepPaths(tmp_path)
    for path in (paths.history, paths.journal(), paths.journal(1), paths.mirror):
        path.write_text("{}\n")
    paths.journal(2).write_text("{}\n{}\n")  # of a driver that was killed while it made it
    paths.manifest.write_text("{}")
    (tmp_path / "code").mkdir()
    (tmp_path / "code/0123.diff").write_text("-")
    assert take(paths, 1) == {"history.jsonl": 3, "study-1.journal": 3, "study.journal": 3}
    assert all(map(is_log, take(paths, 1)))
    assert sorted(read_whole(paths)) == ["code/0123.diff", "manifest.json"]


def test_new_bytes_end_at_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b"0123456789")
    assert list(new_bytes(path, 4, 7)) == [(4, b"456")]
    assert list(new_bytes(path, 7, 7)) == []
