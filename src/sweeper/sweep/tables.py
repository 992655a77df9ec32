"""A sweep's tables as files, read from its folder without disturbing its driver."""

from __future__ import annotations

from pathlib import Path

from sweeper.export import history_rows, trial_rows, write_tables
from sweeper.ledger.history import read_history
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.sweep.look import read_config
from sweeper.tracker.lag import read_lag

__all__ = ["export_tables"]


def export_tables(paths: SweepPaths, suffix: str, folder: Path) -> list[tuple[Path, int]]:
    """Write ``trials`` and ``histories`` to ``folder``.

    Args:
        suffix: one of `sweeper.export.FORMATS`.

    Returns:
        Each file and how many rows it has.

    Raises:
        LedgerError: the sweep cannot be read, or the folder not be written.
    """
    config = read_config(Manifest.read(paths), paths)
    records = read_history(paths.history).counted(config.epochs)
    tables = {
        "trials": trial_rows(config, records, read_lag(paths).runs),
        "histories": history_rows(records),
    }
    written = write_tables(tables, suffix, folder)
    return list(zip(written, map(len, tables.values()), strict=True))
