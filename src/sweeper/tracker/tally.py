"""What the mirror must remember of the events it has shipped, to go on after them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sweeper.records import Direction

__all__ = ["LiveTrial", "Tally"]

_QUALITIES = ("train_", "val_")


@dataclass(slots=True)
class LiveTrial:
    """A trial between its first start and its end; ``working`` unless its driver left it.

    A failed one stays: it may be tried again.

    One that confirms another is no part of the search: it counts apart.

    Attributes:
        at_best: what else its best epoch's report says of how well it trained, and the further
            objectives.
        counted, found: where it has failed: as what it is counted in `Tally.ended` and
            `Tally.found`, until it is tried again.
    """

    epoch: int = 0
    best: float | None = None
    best_epoch: int = 0
    working: bool = True
    at_best: dict[str, float] = field(default_factory=dict)
    confirming: bool = False
    counted: str = ""
    found: str = ""

    def see(
        self,
        epoch: int,
        metrics: Mapping[str, float],
        metric: str,
        direction: Direction,
        also: Collection[str] = (),
    ) -> None:
        """Take in one epoch's report; ``metric`` is the objective, ``also`` the further ones."""
        self.epoch, value = epoch, metrics.get(metric)
        if value is not None and (self.best is None or better(value, self.best, direction)):
            self.best, self.best_epoch = value, epoch
            self.at_best = {
                name: other
                for name, other in metrics.items()
                if name != metric and (name.startswith(_QUALITIES) or name in also)
            }


@dataclass(slots=True)
class Tally:
    """The sweep up to some event.

    Attributes:
        ended: how many trials have ended, by state; those that were not trained as ``copied``,
            those that trained a configuration again as ``confirming``.
        changes: how often a trial started or stopped working; the steps of ``trials_running``.
        best: the best objective of the ended trials of the search.
        found: how many learning curves were diagnosed as what, those of copies left out.
        reopened: how many failed trials have been tried again.
    """

    ended: dict[str, int] = field(default_factory=dict)
    live: dict[int, LiveTrial] = field(default_factory=dict)
    changes: int = 0
    best: float | None = None
    found: dict[str, int] = field(default_factory=dict)
    reopened: int = 0

    @property
    def working(self) -> int:
        """How many trials are being worked on."""
        return sum(trial.working for trial in self.live.values())

    @property
    def step(self) -> int:
        """How often one of the counts has changed: an ending that is taken back was one, too."""
        return sum(self.ended.values()) + 2 * self.reopened

    def reopen(self, number: int) -> str:
        """Take back that a trial has failed; gives as what it was counted."""
        # a mirror of an earlier version of sweeper has not kept the failed ones
        live = self.live.setdefault(number, LiveTrial(working=False, counted="failed"))
        counted = live.counted
        self.ended[counted] = max(0, self.ended.get(counted, 0) - 1)
        self.reopened += 1
        if live.found:
            self.found[live.found] -= 1
        live.counted = live.found = ""
        return counted

    def see_value(self, value: float | None, direction: Direction) -> None:
        """Take in an ended trial's objective."""
        if value is not None and (self.best is None or better(value, self.best, direction)):
            self.best = value

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Tally:
        live = {int(n): LiveTrial(**trial) for n, trial in data["live"].items()}
        # a mirror of an earlier version of sweeper has not counted all of these
        counts = {name: dict(data.get(name, {})) for name in ("ended", "found")}
        return cls(**{**data, **counts, "live": live})


def better(value: float, than: float, direction: Direction) -> bool:
    """Whether ``value`` beats ``than``; an equal one does not."""
    return value > than if direction == "maximize" else value < than
