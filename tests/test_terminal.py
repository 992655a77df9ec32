from __future__ import annotations

import io
import os

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sweeper.terminal import terminal


def test_a_reader_that_has_left_ends_nothing() -> None:
    """A sweep goes on where its output went to ``head``."""
    theirs, ours = os.pipe()
    os.close(theirs)
    with os.fdopen(ours, "w") as file:
        console = terminal(file)
        for _ in range(3):
            console.print("a line")


def test_no_line_ends_in_blanks_and_nothing_else_is_lost() -> None:
    file = io.StringIO()
    console = terminal(file)
    table = Table("a", "b", title="T")
    table.add_row("x", "")
    table.add_row("longer", " y")
    console.print(table, Panel("p"))
    console.print(Text("two  words  "))
    console.print("a  b", end="  ")
    console.print("c" * 200, soft_wrap=True)
    lines = file.getvalue().split("\n")
    assert lines == [line.rstrip() for line in lines]
    assert lines[-1] == ""
    assert lines[-2] == "a  b  " + "c" * 200
    assert any("longer" in line and " y" in line for line in lines)
    assert "two  words" in lines
