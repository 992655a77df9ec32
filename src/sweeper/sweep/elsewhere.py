"""Going on with a sweep whose folder is on another machine, which may be lost."""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console

from sweeper.config import SweepConfig
from sweeper.errors import SweepNotFound
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.note import read_note, write_note
from sweeper.ledger.paths import SweepPaths

__all__ = ["NO_COPY", "bring_folder", "flush_copy", "with_ledger"]

NO_COPY = "none"
"""In place of an address: go on without a copy."""
_PATIENCE_SECONDS, _PATIENCE_WITH_ERRORS_SECONDS = 60.0, 10.0
"""How long the end of a session waits for the database."""


def with_ledger(config: SweepConfig, address: str | None) -> SweepConfig:
    """The configuration with its ledger's copy at ``address``, if one is given."""
    if address is None:
        return config
    ledger = None if address == NO_COPY else address
    resources = config.resources.model_copy(update={"ledger": ledger})
    return config.model_copy(update={"resources": resources})


def bring_folder(
    paths: SweepPaths, address: str | None, console: Console, *, known: bool = False
) -> bool:
    """Make the sweep's folder of its copy, where there is no such folder and there is a copy.

    Args:
        known: there must be one or the other.

    Returns:
        Whether it was made.

    Raises:
        SweepNotFound: there is neither; the message names the sweeps in the database.
        SweepLocked: another machine's driver is at work on the sweep.
        LedgerError: the database does not answer, or the folder cannot be written.
    """
    if address in (None, NO_COPY) or paths.manifest.exists():
        return False
    from sweeper.ledger.restore import restore  # SQLAlchemy takes a moment

    try:
        restore(paths, str(address))
    except SweepNotFound:
        if known:
            raise
        return False
    console.print(f"{paths.root} was made of its copy in {address}", markup=False)
    return True


def flush_copy(ledger: Ledger, console: Console) -> bool:
    """Wait a while for the copy to have everything, and say so where it has not.

    Returns:
        Whether the sweep is still this driver's.
    """
    follower, name = ledger.follower, ledger.config.name
    if follower is None:
        return True
    patience = _PATIENCE_WITH_ERRORS_SECONDS if follower.status.error else _PATIENCE_SECONDS
    complete = follower.flush(patience)
    _keep_trouble(ledger.paths, follower.status.trouble)
    if follower.taken_over:
        said = f"{follower.taken_over}: it goes on there, and MLflow is left as it is"
        console.print(said, style="yellow", markup=False)
        return False
    if not complete:
        later = f"`sweeper sync {name}` brings the rest, as does the next session"
        said = f"the ledger's copy in {follower.uri} is {follower.status}; MLflow waits for it"
        console.print(f"{said}; {later}", style="yellow", markup=False)
    return True


def _keep_trouble(paths: SweepPaths, trouble: str) -> None:
    """Have `sweeper status` say how the copy was left."""
    note = read_note(paths)
    if note is not None and note.copy_trouble != trouble:
        write_note(paths, replace(note, copy_trouble=trouble))
