"""Requests reach the driver that they are for, and what it says of itself is read back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sweeper.ledger.lock import Holder
from sweeper.ledger.note import Doing, DriverNote, read_note, write_note
from sweeper.ledger.paths import SweepPaths
from sweeper.ledger.requests import Want, ask, pending, withdraw

DRIVER = Holder("mars", 7, 1.0)


def test_the_last_request_counts_until_it_is_withdrawn(tmp_path: Path) -> None:
    paths = SweepPaths(tmp_path)
    assert pending(paths) is None
    ask(paths, Want.PAUSE, DRIVER)
    asked = ask(paths, Want.STOP, DRIVER)
    assert pending(paths) == asked
    assert (asked.want, asked.to) == (Want.STOP, "7@mars")
    assert re.fullmatch(r".+@.+", asked.by)
    withdraw(paths)
    withdraw(paths)
    assert pending(paths) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"want": "fly"}', "null", "\udcff"])
def test_what_is_no_request_is_none(tmp_path: Path, text: str) -> None:
    paths = SweepPaths(tmp_path)
    paths.request.write_text(text, errors="surrogateescape")
    paths.note.write_text(text, errors="surrogateescape")
    assert pending(paths) is None
    assert read_note(paths) is None


def test_a_note_is_read_back(tmp_path: Path) -> None:
    paths = SweepPaths(tmp_path)
    assert read_note(paths) is None
    note = DriverNote(Doing.PAUSED, 4, "by mina@mars", "Connection refused", "http://mars:5000")
    write_note(paths, note)
    assert read_note(paths) == note
