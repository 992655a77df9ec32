"""What a session is going to do, said before it does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sweeper.config import Change, is_inside
from sweeper.ledger.ledger import Ledger

__all__ = ["Contract"]


@dataclass(frozen=True, slots=True)
class Contract:
    """Attributes:
    done: trials that have ended.
    continuing: last reported epoch of each trial that goes on, by number.
    to_go: trials that are still to be proposed.
    inside: how many of those done are in the search space.
    changes: what the configuration has otherwise than before.
    warm: what it says of the sweeps that it began with.
    """

    done: int
    continuing: dict[int, int]
    to_go: int
    inside: int
    changes: tuple[Change, ...] = ()
    warm: tuple[str, ...] = ()

    @classmethod
    def of(cls, ledger: Ledger, changes: Sequence[Change]) -> Contract:
        """What there is to do in ``ledger``."""
        unfinished = ledger.unfinished()
        epochs = {n: r.epoch if (r := ledger.history.record(n)) else 0 for n in unfinished}
        count = ledger.count()
        return cls(
            done=count - len(unfinished),
            continuing=epochs,
            to_go=max(0, ledger.config.budget.trials - count),
            inside=sum(
                is_inside(ledger.config, r.params)
                for r in ledger.history.records()
                if r.state.ended
            ),
            changes=tuple(changes),
            warm=ledger.warm.said,
        )

    @property
    def nothing_left(self) -> bool:
        return not self.continuing and not self.to_go

    def __str__(self) -> str:
        outside = self.done - self.inside
        parts = [f"{self.done} done" + (f" ({outside} outside the search space)" * bool(outside))]
        if self.continuing:
            epochs = sorted(set(self.continuing.values()))
            after = ", ".join(map(str, epochs))
            parts.append(f"{len(self.continuing)} continue after epoch {after}")
        parts.append(f"{self.to_go} to go")
        return "\n".join([", ".join(parts), *self.warm, *map(str, self.changes)])
