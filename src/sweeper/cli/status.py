"""`sweeper status`."""

from __future__ import annotations

from sweeper.cli._arguments import AsJson, MaybeName, Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["status"]


def status(name: MaybeName = None, sweeps: Sweeps = DEFAULT_ROOT, as_json: AsJson = False) -> None:
    """Show how a sweep stands."""
    import json

    from sweeper.garbage import without_collections
    from sweeper.ledger.paths import SweepPaths
    from sweeper.sweep import status as words
    from sweeper.sweep.look import look
    from sweeper.terminal import terminal

    with without_collections():
        found = look(SweepPaths.one(name, sweeps))
        if as_json:
            print(json.dumps(words.to_json(found), indent=2))
        else:
            terminal().print(words.status(found))
