"""Which store the UI is for."""

from __future__ import annotations

import os
from pathlib import Path

from sweeper.errors import LedgerError, ServerError
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.note import read_note
from sweeper.ledger.paths import SweepPaths, find_sweeps
from sweeper.tracker.place import StorePlace, locate
from sweeper.tracker.quiet import without_password

__all__ = ["choose", "store_of"]


def choose(sweeps: Path, given: str | None = None) -> StorePlace:
    """The store ``given``, or MLFLOW_TRACKING_URI, or that of the sweeps in the folder ``sweeps``.

    Raises:
        ServerError: the sweeps are in several stores, or theirs is out of reach.
    """
    if uri := given or os.environ.get("MLFLOW_TRACKING_URI"):
        return locate(uri, Path.cwd())
    stores = [place for paths in find_sweeps(sweeps) if (place := store_of(paths)) is not None]
    found = {place.uri: place for place in stores}
    if len(found) > 1:
        names = sorted(without_password(uri) for uri in found)
        raise ServerError(
            f"the sweeps in {sweeps.absolute()} are in {len(found)} MLflow stores; say which with "
            f"--tracking-uri: {', '.join(names)}"
        )
    place = stores[0] if stores else locate(None, Path.cwd())
    if not place.folder.is_dir():
        raise ServerError(
            f"{place.folder}, where the sweeps in {sweeps.absolute()} began, is not there any "
            "more; put it back or link to where it is now (`ln -s NEW_PLACE OLD_PLACE`), or say "
            "with --tracking-uri where their MLflow store is"
        )
    return place


def store_of(paths: SweepPaths) -> StorePlace | None:
    """The store that a sweep is mirrored to; None if the sweep is damaged."""
    try:
        folder = Path(Manifest.read(paths).folder)
    except LedgerError:
        return None
    note = read_note(paths)
    return locate(note.tracking_uri if note else None, folder)
