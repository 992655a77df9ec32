"""What trials are trained with here and now."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sweeper.config import SweepConfig
from sweeper.engine.resources import Slots
from sweeper.ledger.files import write_atomically
from sweeper.ledger.paths import SweepPaths
from sweeper.ledger.setting import Setting
from sweeper.sweep.origin import origin_parts, own_files
from sweeper.tracker.identity import DatasetIdentity
from sweeper.tracker.provenance import git_facts

__all__ = ["Here", "look_around"]


@dataclass(frozen=True, slots=True)
class Here:
    """A setting, and as text what its work tree has beside its commit."""

    setting: Setting
    changes: str

    def keep(self, paths: SweepPaths) -> None:
        """Keep the changes in the sweep's folder, once for each state of the work tree.

        Raises:
            LedgerError: the folder cannot be written.
        """
        path = paths.root / self.setting.changes
        if self.changes and not path.exists():
            write_atomically(path, self.changes)


def look_around(
    config: SweepConfig, dataset: DatasetIdentity | None, folder: Path, slots: Slots
) -> Here:
    """The setting of a session that begins now; git's facts are those of the working directory.

    Args:
        folder: where the user's own modules are found.
    """
    git = git_facts(Path.cwd())
    changes = git.changes if git else ""
    name = f"code/{hashlib.sha256(changes.encode()).hexdigest()[:12]}.diff" if changes else ""
    setting = Setting(
        parts=origin_parts(config, dataset, folder),
        commit=git.commit if git else "",
        changes=name,
        cpus=slots.cpus_per_trial,
        gpus=slots.gpus_per_trial,
        files=own_files(config, folder),
    )
    return Here(setting, changes)
