"""The file that a sweep was last run from, and whether it has been edited since."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from sweeper.config.document import read
from sweeper.errors import ConfigError
from sweeper.ledger.manifest import Manifest

__all__ = ["digest", "edited"]


def digest(file: Path) -> str:
    """A hash of what the file says, comments and layout aside; empty where it cannot be read."""
    try:
        tree = read(file, ()).tree
    except ConfigError:
        return ""
    return hashlib.sha256(json.dumps(tree, sort_keys=True, default=str).encode()).hexdigest()


def edited(manifest: Manifest, here: Path) -> str:
    """What to say to who resumes the sweep and has edited its file; empty where nobody has.

    Args:
        here: the folder from which to name the file.
    """
    file = Path(manifest.file)
    if not manifest.file or not file.is_file() or digest(file) == manifest.file_digest:
        return ""
    shown = file.relative_to(here) if file.is_relative_to(here) else file
    return (
        f"{shown} has changed since the sweep was run from it, and resume goes on without the "
        f"changes: `sweeper run {shown}` takes them"
    )
