"""A terminal shows no ``^C`` while the board is up, and shows it again afterwards."""

from __future__ import annotations

import os
import pty
import sys
import termios

import pytest

from sweeper.board.echo import silent_controls


def _shows_controls(terminal: int) -> bool:
    flags: int = termios.tcgetattr(terminal)[3]
    return bool(flags & termios.ECHOCTL)


def test_control_characters_are_silent_inside_only(monkeypatch: pytest.MonkeyPatch) -> None:
    master, terminal = pty.openpty()
    with os.fdopen(master, "rb"), os.fdopen(terminal, "r") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert _shows_controls(terminal)
        with silent_controls():
            assert not _shows_controls(terminal)
        assert _shows_controls(terminal)
