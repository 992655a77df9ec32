"""What the learning curves of a whole sweep say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.diagnosis.diagnose import diagnose
from sweeper.diagnosis.finding import Finding
from sweeper.records import TrialRecord, TrialState
from sweeper.words import count

if TYPE_CHECKING:
    from sweeper.config import Objective

__all__ = ["Findings", "find_all"]

_MANY, _LEAST = 0.25, 3
"""Share and number of trials from which a finding has a consequence for the sweep."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Attributes:
    trials: finding of each trial that has one, by number.
    finished: how many of those were trained to the last epoch.
    counts: how many trials there are of each finding, and of those how many finished.
    epochs: of a full training.
    """

    trials: Mapping[int, Finding]
    finished: int
    counts: Mapping[Finding, tuple[int, int]]
    epochs: int

    @property
    def line(self) -> str:
        """``13 convergence, 11 still improving``, the most frequent first; empty without any."""
        ordered = sorted(self.counts.items(), key=lambda item: -item[1][0])
        return ", ".join(f"{trials:,} {finding.words}" for finding, (trials, _) in ordered)

    def consequences(self) -> Iterator[str]:
        """One sentence for each finding that so many trials have that the sweep should change."""
        for finding, say in _CONSEQUENCES.items():
            trials, finished = self.counts.get(finding, (0, 0))
            whole = finding in _OF_FINISHED
            seen, total = (finished, self.finished) if whole else (trials, len(self.trials))
            if seen >= max(_LEAST, _MANY * total):
                noun = "finished trial" if whole else "trial"
                yield f"{seen:,} of {count(total, noun)} {say(self.epochs)}"


def find_all(records: Sequence[TrialRecord], objective: Objective, epochs: int) -> Findings:
    """Diagnose every ended trial; one that repeats another of the sweep is left out."""
    judged = [r for r in records if r.state.ended and not r.is_repeat]
    found = {r.number: d.finding for r in judged if (d := diagnose(r, objective, epochs))}
    finished = {r.number for r in judged if r.state is TrialState.COMPLETE} & found.keys()
    every = Counter(found.values())
    whole = Counter(found[number] for number in finished)
    counts = {finding: (every[finding], whole[finding]) for finding in every}
    return Findings(found, len(finished), counts, epochs)


_OF_FINISHED = (Finding.STILL_IMPROVING, Finding.SATURATED_EARLY, Finding.OVERFITTING)

_CONSEQUENCES: Mapping[Finding, Callable[[int], str]] = {
    Finding.STILL_IMPROVING: lambda epochs: (
        f"were still improving at the last epoch: raise training.epochs (from {epochs} to "
        f"{2 * epochs})."
    ),
    Finding.SATURATED_EARLY: lambda epochs: (
        f"made 90% of their gain in the first quarter: fewer training.epochs (now {epochs}) leave "
        "time for more trials."
    ),
    Finding.OVERFITTING: lambda _: (
        "overfit: more augmentation, weight decay or dropout, or more data."
    ),
    Finding.NO_LEARNING: lambda _: (
        "did not learn: raise the lower end of the learning rate, or check the normalization."
    ),
}
