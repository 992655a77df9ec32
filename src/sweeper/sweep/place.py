"""The folder that a sweep's relative paths start from."""

from __future__ import annotations

import os

from sweeper.errors import LedgerError

__all__ = ["enter"]


def enter(folder: str) -> None:
    """Work from where the sweep began: its data and MLflow's default store are named from there.

    Raises:
        LedgerError: the folder is not there.
    """
    try:
        os.chdir(folder)
    except OSError as error:
        raise LedgerError(
            f"cannot enter {folder}, where the sweep began: {error.strerror}. Its relative paths "
            "start there; put the folder back, or link to where it is now."
        ) from error
