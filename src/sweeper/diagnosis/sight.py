"""What a trial's reports show of its training: curves, where they began, how noisy steps are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.diagnosis.curve import Curve, batch_noise, read_curve, untrained_loss

if TYPE_CHECKING:
    from sweeper.config import Objective
    from sweeper.records import EpochReport

__all__ = ["Sight", "read_sight"]

_NOT_LEARNING = ("samples_per_second", "peak_memory_bytes", "train_loss")


@dataclass(frozen=True)
class Sight:
    """What there is to see.

    Attributes:
        valid: the curve on the validation set, which is the same in each epoch.
        fit: the curve that is optimised: that of the training where it is known.
        comparable: the two are different curves of the same loss.
        start: loss of the untrained model, in the first step; where steps are not reported, of
            the first epoch.
        spread: standard deviation of a single step's loss.
        peak: the largest training loss of the first epoch's steps and of the smooth curve; a
            single later step that is off means nothing.
        has_steps: the losses of single steps are reported, from the first one on.
    """

    valid: Curve
    fit: Curve
    comparable: bool
    start: float
    spread: float
    peak: float
    has_steps: bool

    @property
    def below(self) -> float:
        """How far the end is below the start."""
        ends = [self.fit.end, self.valid.end] if self.comparable else [self.fit.end]
        return self.start - min(ends)

    @property
    def gained(self) -> float:
        """How far the validation loss came down since the first epoch, or surely since the start.

        The first step's loss can be an unlucky one, so by a step's spread less.
        """
        since_start = self.start - self.spread - self.valid.end
        return max(self.valid.fell, since_start) if self.comparable else self.valid.fell

    @property
    def way(self) -> float:
        """How far the training loss came down; the first step's loss can be a lucky one."""
        return max(self.start, self.fit.first) - self.fit.end

    @property
    def lag(self) -> float:
        """How much farther the validation loss is above the training loss than at first.

        A validation set can be the harder one from the first epoch on. Where it is easier, as the
        training loss of an epoch is before its last steps, that counts for nothing.
        """
        first = max(0.0, self.valid.first - self.fit.first)
        return self.valid.end - self.fit.end - first if self.comparable else 0.0


def read_sight(reports: Sequence[EpochReport], objective: Objective) -> Sight | None:
    """None where no report has a metric that shows learning."""
    train = read_curve(reports, "train_loss")
    loss = read_curve(reports, "val_loss")
    valid = loss or _objective_curve(reports, objective) or train
    if valid is None:
        return None
    fit = train or valid
    untrained = untrained_loss(reports) if train else None
    spread = batch_noise(reports) if train else None
    return Sight(
        valid,
        fit,
        comparable=train is not None and loss is not None,
        start=fit.first if untrained is None else untrained,
        # without steps: as if an epoch's training loss were the mean of about ten
        spread=3 * fit.noise if spread is None else spread,
        peak=max([*fit.smooth, *reports[0].steps.values()]),
        has_steps=untrained is not None,
    )


def _objective_curve(reports: Sequence[EpochReport], objective: Objective) -> Curve | None:
    """None for a metric that says nothing of learning."""
    if objective.metric in _NOT_LEARNING:
        return None
    return read_curve(reports, objective.metric, objective.direction)
