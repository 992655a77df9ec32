from __future__ import annotations

import io

import pytest
from rich.console import Console

from sweeper.corpora.bar import reading_shown
from sweeper.data import reading


def shown(total: int, *, terminal: bool) -> str:
    text = io.StringIO()
    with reading_shown(Console(file=text, force_terminal=terminal, width=100)):
        for done in range(1, total + 1):
            reading.current().progress(done, total)
    return text.getvalue()


def test_a_large_data_set_shows_how_far_it_is() -> None:
    said = shown(600, terminal=True)
    assert "reading recordings" in said
    assert "600/600" in said


@pytest.mark.parametrize(("total", "terminal"), [(20, True), (600, False)])
def test_a_small_one_and_a_pipe_show_nothing(total: int, terminal: bool) -> None:
    assert "recordings" not in shown(total, terminal=terminal)


def test_what_held_before_holds_after() -> None:
    before = reading.current()
    shown(1, terminal=False)
    assert reading.current() is before
