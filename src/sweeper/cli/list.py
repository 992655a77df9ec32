"""`sweeper list`."""

from __future__ import annotations

from sweeper.cli._arguments import AsJson, Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["list_"]


def list_(sweeps: Sweeps = DEFAULT_ROOT, as_json: AsJson = False) -> None:
    """Show all sweeps side by side."""
    import json

    from sweeper.sweep.listing import Damaged, look_at_all, rows_json, table
    from sweeper.terminal import terminal

    console = terminal()
    found = look_at_all(sweeps)
    if as_json:
        print(json.dumps(rows_json(found), indent=2))
        return
    if not found:
        console.print(f"no sweep in {sweeps.absolute()} yet", markup=False)
        console.print("`sweeper run SPACE.yaml` begins one", style="dim")
        return
    console.print(table(found))
    for one in found:
        if isinstance(one, Damaged):
            console.print(f"{one.name}: {one.why}", style="red", markup=False)
