"""What every part of the mirror works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sweeper.ledger.paths import SweepPaths
from sweeper.tracker.identity import SweepIdentity
from sweeper.tracker.provenance import Provenance
from sweeper.tracker.state import MirrorState, Target
from sweeper.tracker.store import Store

__all__ = ["Context"]


@dataclass(frozen=True, slots=True)
class Context:
    """One sweep, where it lies, where it goes, and what is there already.

    Attributes:
        remark: called with what a person should know that stops nothing.
    """

    sweep: SweepIdentity
    paths: SweepPaths
    provenance: Provenance
    store: Store
    state: MirrorState
    remark: Callable[[str], None]

    @property
    def target(self) -> Target:
        """The parent run, which must have been opened."""
        assert self.state.target is not None
        return self.state.target

    @property
    def tags(self) -> dict[str, str]:
        """The tags that parent and children have in common."""
        return {
            **self.provenance.tags(),
            "mlflow.source.name": self.sweep.source,
            "sweeper.sweep_id": self.sweep.sweep_id,
            "sweeper.sweep": self.sweep.name,
        }

    @property
    def query(self) -> dict[str, str]:
        """The tag that every run of the sweep has, and no other."""
        return {"sweeper.sweep_id": self.sweep.sweep_id}
