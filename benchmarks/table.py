"""Lines of tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["row", "rule"]


def row(cells: Iterable[object]) -> str:
    """One line."""
    return f"| {' | '.join(map(str, cells))} |"


def rule(head: str) -> str:
    """The line below ``head``: the first column is of words, all others of numbers."""
    return "|---" + "|--:" * (head.count("|") - 2) + "|"
