"""Every command in docs/guide.md is one that the program takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from sweeper.cli.app import app

_GUIDE = Path(__file__).parents[1] / "docs" / "guide.md"
_COMMANDS = sorted(set(re.findall(r"`sweeper ([^`]+)`", _GUIDE.read_text(encoding="utf-8"))))


def _parse(words: list[str]) -> None:
    """Follow the words to the command that they mean, and let it read its options."""
    command, name = get_command(app), "sweeper"
    while words and words[0] in getattr(command, "commands", {}):
        name, *words = words
        command = command.commands[name]  # type: ignore[attr-defined]
    assert not (words and hasattr(command, "commands")), f"no sub-command {words}"
    command.make_context(name, list(words))


def test_there_are_commands() -> None:
    assert len(_COMMANDS) >= 9


@pytest.mark.parametrize("command", _COMMANDS)
def test_command(command: str) -> None:
    _parse(shlex.split(command))


def test_what_is_no_command_is_found_out() -> None:
    for wrong in (["ui", "begin"], ["ui", "start", "--prot", "1"], ["go"]):
        with pytest.raises(Exception, match=r"(?i)no such option|no sub-command"):
            _parse(wrong)
