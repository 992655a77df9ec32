"""The folder that a sweep's relative paths start from."""

from __future__ import annotations

import os
import shlex

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
            "and its runs' files in MLflow are found from there: put the folder back, or link to "
            f"where it is now with `ln -s NEW_PLACE {shlex.quote(folder)}`."
        ) from error
