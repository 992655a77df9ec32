"""The next search space as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.summary.tables import Table

if TYPE_CHECKING:
    from sweeper.summary.answer import Summary

__all__ = ["next_table"]


def next_table(summary: Summary) -> Table:
    """What becomes of each parameter; no rows where nothing changes."""
    found = summary.next_space
    if found is None or not found.changed:
        return Table("Next search space", (), ())
    header = ("parameter", "searched", "next", "why")
    rows = tuple((step.name, step.before, step.after, step.why) for step in found.steps)
    note = f"In next.yaml, as {found.name}: `sweeper refine {summary.name}` runs it."
    return Table("Next search space", header, rows, note=note)
