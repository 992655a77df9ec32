"""README.md and README.ko.md say what there is, and the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from sweeper.cli.app import app
from sweeper.config import load

_ROOT = Path(__file__).parents[1]
_TEXTS = {
    name: (_ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md")
}
_BOTH = pytest.mark.parametrize("name", _TEXTS)


def _commands(text: str) -> list[str]:
    """The left cells of the table of commands."""
    return re.findall(r"^\| (`sweeper .*?`) \| ", text, re.MULTILINE)


@_BOTH
def test_links_and_pictures_are_there(name: str) -> None:
    links = re.findall(r"\]\(((?!https?:)[^)#]+)(?:#([^)]+))?\)", _TEXTS[name])
    assert len(links) > 20
    for path, heading in links:
        assert (_ROOT / path).exists(), path
        if heading:
            headings = re.findall(r"^#+ (.*)$", (_ROOT / path).read_text("utf-8"), re.MULTILINE)
            assert heading in [found.lower().replace(" ", "-") for found in headings]


@_BOTH
def test_every_command_is_in_the_table_and_no_other(name: str) -> None:
    there = set(get_command(app).commands)  # type: ignore[attr-defined]
    told = set(re.findall(r"`sweeper (\w+)", "\n".join(_commands(_TEXTS[name]))))
    assert told == there
    assert set(re.findall(r"`sweeper (\w+)", _TEXTS[name])) == there


@_BOTH
def test_the_search_space_is_accepted(name: str, tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", _TEXTS[name], re.DOTALL)
    space = tmp_path / "space.yaml"
    space.write_text(block, encoding="utf-8")
    assert load(space).budget.trials == 30


def test_both_have_the_same_commands_rows_pictures_and_links() -> None:
    english, korean = _TEXTS.values()
    assert _commands(english) == _commands(korean)
    for what in (r"^\| ", r"^!\[", r"^## ", r"^- \*\*"):
        counted = [len(re.findall(what, text, re.MULTILINE)) for text in (english, korean)]
        assert counted[0] == counted[1], what
    links = [set(re.findall(r"\]\((docs/[^)]+)\)", text)) for text in (english, korean)]
    links[1] = {link.replace(".ko.md", ".md") for link in links[1]}
    assert links[0] == links[1]
